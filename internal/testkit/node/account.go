package node

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// RootPassword is that of the user root on every node that is started here.
const RootPassword = "the-password-of-root"

// Account is somebody who is logged in to a node, by the interface that PeerTube's clients use.
type Account struct {
	node  *Node
	token string
}

// LogIn logs in as PeerTube's clients do.
func (n *Node) LogIn(ctx context.Context, user, password string) (*Account, error) {
	var client struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	anybody := &Account{node: n}
	if err := anybody.Call(ctx, http.MethodGet, "/api/v1/oauth-clients/local", nil, &client); err != nil {
		return nil, err
	}
	form := url.Values{
		"client_id": {client.ID}, "client_secret": {client.Secret}, "grant_type": {"password"}, "response_type": {"code"},
		"username": {user}, "password": {password},
	}
	var token struct {
		Type   string `json:"token_type"`
		Access string `json:"access_token"`
	}
	if err := anybody.Call(ctx, http.MethodPost, "/api/v1/users/token", form, &token); err != nil {
		return nil, err
	}
	if token.Type != "Bearer" || token.Access == "" {
		return nil, fmt.Errorf("log in as %s: the answer has no token of type Bearer", user)
	}
	return &Account{n, token.Access}, nil
}

// Root logs in as root.
func (n *Node) Root(ctx context.Context) *Account {
	n.tb.Helper()
	a, err := n.LogIn(ctx, "root", RootPassword)
	if err != nil {
		n.tb.Fatalf("%v\n%s", err, n.log)
	}
	return a
}

// Anybody is who is not logged in.
func (n *Node) Anybody() *Account { return &Account{node: n} }

// StatusError is an answer that is no success.
type StatusError struct {
	Status int
	Body   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Status, e.Body) }

// Call calls the node's interface: body is sent as a form (url.Values), as it is ([]byte) or as JSON; the answer is read
// as JSON into reply. Both may be nil. A *StatusError if the answer is no success.
func (a *Account) Call(ctx context.Context, method, path string, body, reply any) error {
	status, text, err := a.ask(ctx, method, path, body)
	switch {
	case err != nil:
		return fmt.Errorf("%s %s: %w", method, path, err)
	case status < 200 || status > 299:
		return fmt.Errorf("%s %s: %w", method, path, &StatusError{status, string(text)})
	case reply == nil:
		return nil
	}
	if err := json.Unmarshal(text, reply); err != nil {
		return fmt.Errorf("%s %s: %w: %s", method, path, err, text)
	}
	return nil
}

func (a *Account) ask(ctx context.Context, method, path string, body any) (int, []byte, error) {
	var content io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case url.Values:
		content, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	case []byte:
		content, kind = bytes.NewReader(b), http.DetectContentType(b)
	default:
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		content, kind = bytes.NewReader(text), "application/json"
	}
	q, err := http.NewRequestWithContext(ctx, method, a.node.URL(path), content)
	if err != nil {
		return 0, nil, err
	}
	if kind != "" {
		q.Header.Set("Content-Type", kind)
	}
	if a.token != "" {
		q.Header.Set("Authorization", "Bearer "+a.token)
	}
	res, err := a.node.http.Do(q)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, text, err
}
