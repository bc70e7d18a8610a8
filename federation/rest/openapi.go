package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"shoal/federation/rest/schema"
	"shoal/federation/rest/shape"
	"shoal/internal/m3u8"
)

// describe writes the OpenAPI 3.1 document of operations. The same operations give the same bytes.
func describe(ops []operation, version string) ([]byte, error) {
	book := schema.Book{At: "#/components/schemas/"}
	problem := book.Reply(reflect.TypeFor[shape.Problem]())
	paths := schema.Object{}
	for i := range ops {
		o := &ops[i]
		item, ok := paths[o.path].(schema.Object)
		if !ok {
			item = schema.Object{}
			paths[o.path] = item
		}
		item[strings.ToLower(o.method)] = describeOperation(o, &book)
	}
	doc := schema.Object{
		"openapi": "3.1.0",
		"info": schema.Object{
			"title":   "Shoal",
			"version": version,
			"description": "The API of a Shoal instance: PeerTube's calls, as its clients know them, and Shoal's own under /api/v1/shoal. " +
				"A call for owners may be made by moderators and admins, too.",
			"license": schema.Object{"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
		},
		"servers": []any{schema.Object{"url": "/"}},
		"paths":   paths,
		"components": schema.Object{
			"schemas":         book.Entries(),
			"securitySchemes": securitySchemes(),
			"responses": schema.Object{"Problem": schema.Object{
				"description": "Why the call cannot be answered.",
				"content":     schema.Object{typeProblem: schema.Object{"schema": problem}},
			}},
		},
	}
	out, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write the API's document: %w", err)
	}
	return append(out, '\n'), nil
}

func securitySchemes() schema.Object {
	return schema.Object{
		"bearer": schema.Object{"type": "http", "scheme": "bearer", "description": "The access token of /api/v1/users/token."},
		"cookie": schema.Object{
			"type": "apiKey", "in": "cookie", "name": "shoal_access",
			"description": "The pages' own, from POST /api/v1/shoal/session. To change something, it must come from a page of this node.",
		},
		"oauth": schema.Object{"type": "oauth2", "flows": schema.Object{"password": schema.Object{
			"tokenUrl": "/api/v1/users/token", "refreshUrl": "/api/v1/users/token", "scopes": schema.Object{},
		}}},
	}
}

// access levels, as the document tells them.
var accessNames = map[access]string{anyone: "anyone", user: "user", owner: "owner", moderator: "moderator", admin: "admin"}

func describeOperation(o *operation, book *schema.Book) schema.Object {
	d := schema.Object{
		"operationId": o.id,
		"summary":     o.summary,
		"tags":        []any{tag(o)},
		"responses":   describeResponses(o, book),
		"x-access":    accessNames[o.access],
	}
	if o.access != anyone {
		d["security"] = []any{schema.Object{"bearer": []any{}}, schema.Object{"cookie": []any{}}, schema.Object{"oauth": []any{}}}
	}
	if parameters := describeParameters(o, book); len(parameters) > 0 {
		d["parameters"] = parameters
	}
	if o.body == nil {
		return d
	}
	content := schema.Object{}
	for _, t := range o.bodyTypes {
		content[t] = schema.Object{"schema": bodySchema(o, book)}
	}
	d["requestBody"] = schema.Object{"required": true, "content": content}
	return d
}

func bodySchema(o *operation, book *schema.Book) schema.Object {
	if o.body == reflect.TypeFor[imageBody]() {
		return schema.Object{"type": "string", "contentMediaType": "image/*", "maxLength": maxImage}
	}
	return book.Body(o.body)
}

// tag groups the calls of the document by what they are about.
func tag(o *operation) string {
	if o.own {
		return "shoal"
	}
	path := strings.TrimPrefix(strings.TrimPrefix(o.path, "/api/v1"), "/")
	name, _, _ := strings.Cut(path, "/")
	return name
}

var wildcard = regexp.MustCompile(`\{(\w+)\}`)

// ids say what {id} is.
var ids = map[subject]string{
	ofVideo:   "A video's number, UUID, short UUID or alias.",
	ofLive:    "A live's number, UUID, short UUID or alias.",
	ofChannel: "A channel's name, perhaps with @ and the instance's host.",
	ofAccount: "An account's name, perhaps with @ and the instance's host.",
	ofUser:    "A user's number.",
}

func describeParameters(o *operation, book *schema.Book) []any {
	var all []any
	for _, m := range wildcard.FindAllStringSubmatch(o.path, -1) {
		p := schema.Object{"name": m[1], "in": "path", "required": true, "schema": schema.Object{"type": "string"}}
		if text := ids[o.of]; text != "" && m[1] == "id" {
			p["description"] = text
		}
		all = append(all, p)
	}
	if o.query != nil {
		all = append(all, book.Parameters(o.query)...)
	}
	if o.of == ofVideo || o.of == ofLive {
		all = append(all, schema.Object{
			"name": headerVideoPassword, "in": "header", "schema": schema.Object{"type": "string"}, "description": "Of a video with privacy 5.",
		}, schema.Object{
			"name": m3u8.TokenKey, "in": "query", "schema": schema.Object{"type": "string"}, "description": "A media token, in place of a log-in or a password.",
		})
	}
	return all
}

// describeResponses lists what a call may answer: the reply, and each problem that it can be foreseen to have.
func describeResponses(o *operation, book *schema.Book) schema.Object {
	good := schema.Object{"description": http.StatusText(o.status)}
	switch {
	case o.reply == nil:
	case o.reply == reflect.TypeFor[raw]() && o.replyType == typeJPEG:
		good["content"] = schema.Object{typeJPEG: schema.Object{"schema": schema.Object{"type": "string", "contentMediaType": typeJPEG}}}
	case o.reply == reflect.TypeFor[raw]():
		good["content"] = schema.Object{o.replyType: schema.Object{"schema": schema.Object{"type": "object"}}}
	default:
		good["content"] = schema.Object{o.replyType: schema.Object{"schema": book.Reply(o.reply)}}
	}
	all := schema.Object{strconv.Itoa(o.status): good}
	problem := schema.Object{"$ref": "#/components/responses/Problem"}
	for _, p := range []struct {
		status int
		so     bool
	}{
		{http.StatusBadRequest, o.query != nil || o.body != nil},
		{http.StatusUnauthorized, o.access != anyone || o.of == ofVideo || o.of == ofLive || o.logsIn},
		{http.StatusForbidden, o.access != anyone && o.access != user || o.of == ofVideo || o.of == ofLive},
		{http.StatusNotFound, strings.Contains(o.path, "{")},
		{http.StatusRequestEntityTooLarge, o.body != nil},
		{http.StatusUnsupportedMediaType, o.body != nil},
		{http.StatusTooManyRequests, o.logsIn},
	} {
		if p.so {
			all[strconv.Itoa(p.status)] = problem
		}
	}
	all["default"] = problem
	return all
}
