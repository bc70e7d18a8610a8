// Package shape owns the JSON of the instance's API as Go types: PeerTube's, field for field as PeerTube 6.3 answers and
// takes it, and Shoal's own under /api/v1/shoal/. The tags are those of federation/rest/schema, which checks bodies against
// them and writes the OpenAPI document of them.
//
// It starts no goroutine, does no I/O, and never knows where a value comes from.
package shape
