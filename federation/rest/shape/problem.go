package shape

// Problem says why a call cannot be answered (RFC 9457), with PeerTube's additions.
type Problem struct {
	Type   string `json:"type" doc:"about:blank, or an address that names the code."`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Status int    `json:"status"`
	Error  string `json:"error" doc:"The detail, as older clients read it."`
	Code   string `json:"code,omitempty" doc:"For programs: what went wrong."`
	// InvalidParams tells by field what is wrong with a query or a body.
	InvalidParams map[string]InvalidParam `json:"invalid-params,omitempty"`
}

// InvalidParam is what is wrong with one field.
type InvalidParam struct {
	Msg      string `json:"msg"`
	Path     string `json:"path"`
	Location string `json:"location" enum:"body,query"`
}
