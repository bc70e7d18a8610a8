package media

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// LiveID names a live for its whole life: a UUID in its canonical, lower-case text form (RFC 9562, section 4).
type LiveID string

// ErrLiveID says that a text is not a UUID in canonical form.
var ErrLiveID = errors.New("not a UUID such as 7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11")

// ParseLiveID accepts a UUID in the 36-character form, in either case.
func ParseLiveID(s string) (LiveID, error) {
	if len(s) != 36 {
		return "", ErrLiveID
	}
	u, err := uuid.Parse(s)
	if err != nil {
		return "", ErrLiveID
	}
	return LiveID(u.String()), nil
}

// NewLiveID makes a random (version 4) identifier.
func NewLiveID() LiveID { return LiveID(uuid.NewString()) }

// Epoch says who owns a live, and since when in the order of claims. Only cluster/session makes epochs. Everything that
// is cut carries its epoch; whoever has seen a higher one drops what carries a lower one.
type Epoch struct {
	N    uint64 // settled claims so far
	P    uint32 // provisional claims on top of N; 0 when settled
	Node string // who made a provisional claim; empty when settled
}

// Compare orders epochs by N, then P, then Node: (7,0) < (7,1,A) < (7,2,B) < (8,0).
func (e Epoch) Compare(o Epoch) int {
	return cmp.Or(cmp.Compare(e.N, o.N), cmp.Compare(e.P, o.P), strings.Compare(e.Node, o.Node))
}

// String is the form that stands in file names: "7", or "7.2.node" for a provisional one.
func (e Epoch) String() string {
	if e.P == 0 {
		return strconv.FormatUint(e.N, 10)
	}
	return fmt.Sprintf("%d.%d.%s", e.N, e.P, e.Node)
}
