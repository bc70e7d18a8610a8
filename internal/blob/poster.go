package blob

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"shoal/internal/atomicfile"
	"shoal/internal/m3u8"
)

// PosterSize is one of the sizes in which a poster is kept.
type PosterSize string

// The sizes of posters: PeerTube's.
const (
	Thumbnail PosterSize = "thumbnail" // 280x157
	Preview   PosterSize = "preview"   // 850x480
)

const (
	// keptPosters is how many versions of a poster stay: the newest, and the one before for pages that still name it.
	keptPosters = 2
	maxPoster   = 4 << 20
	posterExt   = ".jpg"
)

// ErrPoster says that a poster cannot be kept.
var ErrPoster = errors.New("a poster is a JPEG of at most 4 MiB, a thumbnail or a preview, with a version of 1 or more")

func (p PosterSize) valid() bool { return p == Thumbnail || p == Preview }

func posterName(version int64, size PosterSize) string {
	return strconv.FormatInt(version, 10) + "-" + string(size) + posterExt
}

// parsePoster reads what posterName writes.
func parsePoster(name string) (version int64, size PosterSize, ok bool) {
	stem, ok := strings.CutSuffix(name, posterExt)
	if !ok {
		return 0, "", false
	}
	number, kind, ok := strings.Cut(stem, "-")
	if !ok || !PosterSize(kind).valid() {
		return 0, "", false
	}
	n, ok := m3u8.ParseNumber(number, math.MaxInt64)
	return int64(n), PosterSize(kind), ok && n > 0
}

// PutPoster keeps a poster of a video, and drops all but the newest versions. ErrPoster or ErrName if it cannot be one.
func (s *Store) PutPoster(video string, version int64, size PosterSize, jpeg []byte) error {
	if err := check(video); err != nil {
		return err
	}
	if version < 1 || !size.valid() || len(jpeg) > maxPoster || !bytes.HasPrefix(jpeg, []byte{0xff, 0xd8, 0xff}) {
		return ErrPoster
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	dir := filepath.Join(s.posters, video)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make the poster's folder: %w", err)
	}
	if err := atomicfile.Write(filepath.Join(dir, posterName(version, size)), jpeg, 0o640); err != nil {
		return fmt.Errorf("write poster: %w", err)
	}
	return dropPosters(dir)
}

// dropPosters removes all versions but the newest.
func dropPosters(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("list posters: %w", err)
	}
	var versions []int64
	for _, f := range files {
		if v, _, ok := parsePoster(f.Name()); ok && !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	slices.Sort(versions)
	old := versions[:max(0, len(versions)-keptPosters)]
	var errs []error
	for _, f := range files {
		if v, _, ok := parsePoster(f.Name()); ok && slices.Contains(old, v) {
			errs = append(errs, os.Remove(filepath.Join(dir, f.Name())))
		}
	}
	return errors.Join(errs...)
}

// Poster is the path of a poster's file. ErrNotFound if it is not there, ErrName if the video is no UUID.
func (s *Store) Poster(video string, version int64, size PosterSize) (string, error) {
	if err := check(video); err != nil {
		return "", err
	}
	if version < 1 || !size.valid() {
		return "", ErrNotFound
	}
	path := filepath.Join(s.posters, video, posterName(version, size))
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("poster of %s: %w", video, ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("look for poster: %w", err)
	}
	return path, nil
}

// RemovePosters deletes all posters of a video. It is no mistake if there are none.
func (s *Store) RemovePosters(video string) error {
	if err := check(video); err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := os.RemoveAll(filepath.Join(s.posters, video)); err != nil {
		return fmt.Errorf("delete posters: %w", err)
	}
	return nil
}
