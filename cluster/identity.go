package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"shoal/internal/atomicfile"
)

const identityVersion = 1

// identity is what a node knows of itself before it opens anything else.
type identity struct {
	Version int    `json:"version"`
	ID      string `json:"id"` // a UUID; raft's server ID and address
}

// loadIdentity reads node.json, or makes it, which is right only if there is no log yet.
func loadIdentity(folder string, fresh bool) (identity, error) {
	path := filepath.Join(folder, "node.json")
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !fresh {
			return identity{}, fmt.Errorf("%s is missing, but the log of a node is there. Put it back from a backup of the whole folder", path)
		}
		i := identity{identityVersion, uuid.NewString()}
		if raw, err = json.Marshal(i); err == nil {
			err = atomicfile.Write(path, append(raw, '\n'), 0o600)
		}
		if err != nil {
			return identity{}, fmt.Errorf("name the node: %w", err)
		}
		return i, nil
	}
	if err != nil {
		return identity{}, fmt.Errorf("read the node's name: %w", err)
	}
	var i identity
	if err := json.Unmarshal(raw, &i); err != nil {
		return identity{}, fmt.Errorf("read %s: %w. Put it back from a backup of the whole folder", path, err)
	}
	if i.Version != identityVersion {
		return identity{}, fmt.Errorf("read %s: version %d, this program knows %d. Install a newer version of the program", path, i.Version, identityVersion)
	}
	if err := uuid.Validate(i.ID); err != nil {
		return identity{}, fmt.Errorf("read %s: the id: %w. Put it back from a backup of the whole folder", path, err)
	}
	return i, nil
}
