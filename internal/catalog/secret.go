package catalog

import (
	"context"

	"shoal/cluster/state"
)

// createSecret keeps a secret of the instance.
type createSecret struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (createSecret) Kind() string { return "catalog.secret.create/1" }

// Secret gives a secret of the instance, such as "media.token". Whoever asks first makes it; all get the same.
func (c *Catalog) Secret(ctx context.Context, name string, create func() string) (string, error) {
	v, err := read(ctx, c, func(q state.Querier) (string, error) { return secret(ctx, q, name) })
	if !isNotFound(err) {
		return v, err
	}
	return state.Do[string](ctx, c.proposer, createSecret{name, create()})
}

func (s createSecret) Apply(tx *state.Tx) (any, error) {
	if _, err := tx.Exec(`INSERT INTO secret (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, s.Name, s.Value); err != nil {
		return nil, err
	}
	return secret(context.Background(), tx, s.Name)
}

func secret(ctx context.Context, q state.Querier, name string) (string, error) {
	return one(ctx, q, "a secret", value[string], `SELECT value FROM secret WHERE name = ?`, name)
}
