package rest

import (
	"context"
	"io"
	"log/slog"
	"time"

	"shoal/internal/audience"
	"shoal/internal/auth"
	"shoal/internal/blob"
	"shoal/internal/broadcast"
	"shoal/internal/catalog"
	"shoal/internal/media"
)

// Options are what an API is made of. All must be given but those that say otherwise.
type Options struct {
	Catalog  *catalog.Catalog
	Auth     *auth.Auth
	Audience *audience.Audience
	Lives    Lives
	Posters  Posters
	Storage  Storage
	// Downloads knows the files of replays.
	Downloads Downloads
	Node      Node
	Log       *slog.Logger

	Version string
	Source  string // where the source of this version is, a URL; "" if it is not told
	// PublicURL is the instance's own address, as "https://live.example.org"; "" to go by the Host of each request.
	PublicURL string
	RTMPPort  int // where encoders connect; 0 if this node takes none
	// Hosts gives addresses under which other devices reach this node, the best first. May be nil.
	Hosts func() []string
	// Declared are the lives of the configuration.
	Declared []media.LiveID
	// Encoders are told, keys and all, to whoever asks. Fill it only on a node that is there to be tried out.
	Encoders []Encoder
}

// Encoder is the way in for one live.
type Encoder struct {
	Live media.LiveID
	Key  string
}

// Lives are the lives on the air. broadcast.Lives is one.
type Lives interface {
	// Get says how a live stands; false for one that has not been on the air for a while.
	Get(media.LiveID) (broadcast.Status, bool)
	// Running lists the lives that an encoder feeds or may come back to.
	Running() []broadcast.Status
	// End ends a broadcast and returns when that is written down. broadcast.ErrNotRunning if there is none.
	End(context.Context, media.LiveID) error
	// Expel sends an encoder away; the broadcast waits for another.
	Expel(media.LiveID)
}

// Posters keep the pictures of videos. gallery.Gallery is one.
type Posters interface {
	// Get gives a version of a video's picture as JPEG, 280 x 157 or, as preview, 850 x 480; a drawn card if the version is 0
	// or gone.
	Get(v *catalog.Video, version int64, preview bool) ([]byte, error)
	// Put keeps a JPEG or PNG in both sizes under a new version. poster.ErrFormat or poster.ErrSize if it is no good.
	Put(uuid string, picture io.Reader) (version int64, err error)
}

// Storage is where recordings and pictures lie. blob.Store is one.
type Storage interface {
	Disk() blob.Disk
	Usage() int64 // bytes that recordings take
	Remove(session string) error
	RemovePosters(video string) error
}

// Downloads are replays as one file each.
type Downloads interface {
	// Size is the length in bytes of a replay's file; 0 if it is not known. It is called for each video that is shown.
	Size(v *catalog.Video) int64
}

// Node is this node of the cluster.
type Node interface {
	Status() NodeStatus
}

// NodeStatus is how a node's copy of the state stands.
type NodeStatus struct {
	Node     string
	Leader   string // "" while there is none
	Term     uint64
	Applied  uint64
	DiskFull bool
	Error    string // why the node takes no changes; "" if it does
	Started  time.Time
}
