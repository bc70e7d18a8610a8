package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"shoal/cluster/state"
)

// Viewer is who looks at a list. The zero Viewer is somebody who is not logged in.
type Viewer struct {
	UserID   int64
	Role     Role
	LoggedIn bool
}

// moderates says whether the viewer may see everything.
func (v Viewer) moderates() bool { return v.LoggedIn && v.Role <= Moderator }

// VideoFilter says which videos are listed.
type VideoFilter struct {
	Viewer Viewer

	Account string // its name; "" for all
	Channel string // likewise
	OwnedBy int64  // a user; 0 for all

	IsLive *bool
	NSFW   *bool
	// States are those wanted; none means Published alone, which leaves out lives that wait or have ended.
	States []VideoState
	// Privacies are those wanted; none means all that are listed for the viewer: Public, Internal too for who is logged in,
	// all for owners who list what is theirs. Others than these are only listed for moderators and admins.
	Privacies []Privacy

	Search     string   // words of the name, each by its beginning, in either case, with or without accents
	Tags       []string // videos with any of them
	AllTags    []string // videos with every one of them
	Categories []int64
	Licences   []int64
	Languages  []string

	Start int
	Count int // as Page
	// Sort is publishedAt, createdAt, name, duration, views or originallyPublishedAt, with - before it for descending; ""
	// is -publishedAt. The other names that PeerTube has are sorted by what is nearest.
	Sort string
}

// videoSort is what a list is sorted by.
type videoSort struct {
	column  string
	collate string
	index   string // over all videos
}

var (
	byPublished = videoSort{"v.published", "", "video_published"}
	byViews     = videoSort{"v.views", "", "video_views"}
	videoSorts  = map[string]videoSort{
		"publishedAt": byPublished,
		"createdAt":   {"v.id", "", "video_created"}, // numbers are given in the order of time
		"name":        {"v.name", " COLLATE NOCASE", "video_name"},
		"duration":    {"v.duration", "", "video_duration"},
		"views":       byViews,
		"trending":    byViews, "hot": byViews, "best": byViews,
		"originallyPublishedAt": {"v.original", "", "video_original"},
		"likes":                 byPublished, "comments": byPublished, "match": byPublished,
	}
)

// The kinds of tally.
const (
	tallyAll     = 0
	tallyAccount = 1
	tallyChannel = 2
)

// scope is what a list is a part of: all videos, an account's, or a channel's.
type scope struct {
	kind int
	id   int64
}

// condition gives the scope as SQL, and the index that keeps it in order of publication.
func (s scope) condition() (sql, index string) {
	switch s.kind {
	case tallyAccount:
		return fmt.Sprintf(" AND v.account_id = %d", s.id), "video_account"
	case tallyChannel:
		return fmt.Sprintf(" AND v.channel_id = %d", s.id), "video_channel"
	}
	return "", "video_published"
}

// class is video.class with the number of its videos in the scope.
type class struct {
	id, n int64
}

// Videos lists videos, and counts all that the filter lets through. The order is total: with ties, the later video comes
// first where the sort descends. ErrInvalid for an unknown sort.
func (c *Catalog) Videos(ctx context.Context, f VideoFilter) (videos []Video, total int, err error) {
	direction := ""
	name := f.Sort
	if name == "" {
		name = "-publishedAt"
	}
	if rest, ok := strings.CutPrefix(name, "-"); ok {
		name, direction = rest, " DESC"
	}
	by, ok := videoSorts[name]
	if !ok {
		return nil, 0, invalid("A list of videos cannot be sorted by %q here.", name)
	}
	videos, err = read(ctx, c, func(q state.Querier) ([]Video, error) {
		l := lister{ctx: ctx, q: q, filter: f, by: by, direction: direction}
		ids, n, err := l.ids()
		if err != nil {
			return nil, err
		}
		total = n
		return videosByID(ctx, q, ids)
	})
	return videos, total, err
}

// lister finds the numbers of one list's videos.
type lister struct {
	ctx       context.Context
	q         state.Querier
	filter    VideoFilter
	by        videoSort
	direction string
}

// ids gives the numbers of a page, and how many videos there are.
func (l *lister) ids() ([]int64, int, error) {
	where, own, err := l.scope()
	if err != nil || where == nil {
		return nil, 0, err
	}
	classes, err := l.classes(*where, own)
	if err != nil || len(classes) == 0 {
		return nil, 0, err
	}
	if w, ok := l.words(); ok {
		return l.some(*where, classes, w)
	}
	return l.all(*where, classes)
}

// scope finds what the list is a part of, and whether it is the viewer's own; nil if there is no such thing.
func (l *lister) scope() (where *scope, own bool, err error) {
	f := &l.filter
	if f.Account == "" && f.Channel == "" && f.OwnedBy == 0 {
		return &scope{}, false, nil
	}
	// The account and the channel, if all that is asked for belongs together.
	from, args := ` FROM account a`, []any{}
	columns := `SELECT ?, a.id, COALESCE(a.user_id, 0)`
	args = append(args, tallyAccount)
	if f.Channel != "" {
		args[0] = tallyChannel
		columns = `SELECT ?, c.id, COALESCE(a.user_id, 0)`
		from += ` JOIN channel c ON c.account_id = a.id AND c.name = ?`
		args = append(args, f.Channel)
	}
	from += ` WHERE 1`
	if f.Account != "" {
		from += ` AND a.name = ?`
		args = append(args, f.Account)
	}
	if f.OwnedBy != 0 {
		from += ` AND a.user_id = ?`
		args = append(args, f.OwnedBy)
	}
	var user int64
	found, err := list(l.ctx, l.q, "whose videos are listed", func(r scanner) (s scope, err error) {
		err = r.Scan(&s.kind, &s.id, &user)
		return s, err
	}, columns+from, args...)
	if err != nil || len(found) == 0 {
		return nil, false, err
	}
	return &found[0], f.OwnedBy != 0 && f.Viewer.LoggedIn && user == f.Viewer.UserID, nil
}

// classes gives those of the scope's classes that the filter lets through.
func (l *lister) classes(where scope, own bool) ([]class, error) {
	f := &l.filter
	states := f.States
	if len(states) == 0 {
		states = []VideoState{Published}
	}
	seen := []Privacy{Public}
	if f.Viewer.LoggedIn {
		seen = append(seen, Internal)
	}
	allowed := f.Viewer.moderates() || own
	privacies := f.Privacies
	if len(privacies) == 0 {
		privacies = seen
		if own {
			privacies = []Privacy{Public, Unlisted, Private, Internal, Protected}
		}
	}
	all, err := list(l.ctx, l.q, "the numbers of videos", func(s scanner) (c class, err error) {
		err = s.Scan(&c.id, &c.n)
		return c, err
	}, `SELECT class, n FROM tally WHERE kind = ? AND of = ? ORDER BY class`, where.kind, where.id)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(c class) bool {
		privacy, state, isLive, nsfw := Privacy(c.id/256), VideoState(c.id%256/4), c.id&2 != 0, c.id&1 != 0
		return !slices.Contains(privacies, privacy) || !allowed && !slices.Contains(seen, privacy) || !slices.Contains(states, state) ||
			f.IsLive != nil && *f.IsLive != isLive || f.NSFW != nil && *f.NSFW != nsfw
	}), nil
}

// walkShare is how many videos, at most, an index over all is walked through for one of the scope: beyond it the scope's own are
// sorted.
const walkShare = 16

// all lists whole classes: each is read in order from an index, and their total is known.
func (l *lister) all(where scope, classes []class) ([]int64, int, error) {
	limit, offset := Page{l.filter.Start, l.filter.Count}.limits()
	total := 0
	for _, c := range classes {
		total += int(c.n)
	}
	if offset >= total {
		return nil, total, nil
	}
	condition, index := where.condition()
	sorted := l.by == byPublished
	if !sorted {
		everywhere := int64(total)
		if where.kind != tallyAll {
			var err error
			if everywhere, err = l.everywhere(classes); err != nil {
				return nil, 0, err
			}
		}
		if int64(total)*walkShare >= everywhere {
			index, sorted = l.by.index, true
		}
	}
	from := ` FROM video v INDEXED BY ` + index + ` WHERE v.class`
	page := fmt.Sprintf(` LIMIT %d OFFSET %d`, limit, offset)
	if !sorted {
		ids, err := list(l.ctx, l.q, "a list of videos", value[int64], `SELECT v.id`+from+` IN (`+ids(classes)+`)`+condition+l.order()+page)
		return ids, total, err
	}
	// SQLite merges what comes in order from the index for each class, and stops at the end of the page.
	arms := make([]string, len(classes))
	for i, c := range classes {
		arms[i] = fmt.Sprintf(`SELECT v.id AS id, %s AS s%s = %d%s`, l.by.column+l.by.collate, from, c.id, condition)
	}
	var by any
	ids, err := list(l.ctx, l.q, "a list of videos", func(s scanner) (id int64, err error) {
		err = s.Scan(&id, &by)
		return id, err
	}, strings.Join(arms, ` UNION ALL `)+` ORDER BY s`+l.by.collate+l.direction+`, id`+l.direction+page)
	return ids, total, err
}

// order is the list's order, which is total.
func (l *lister) order() string {
	return ` ORDER BY ` + l.by.column + l.by.collate + l.direction + `, v.id` + l.direction
}

// everywhere counts the videos of these classes outside of the scope too.
func (l *lister) everywhere(classes []class) (n int64, err error) {
	return one(l.ctx, l.q, "the numbers of videos", value[int64],
		`SELECT COALESCE(SUM(n), 0) FROM tally WHERE kind = 0 AND of = 0 AND class IN (`+ids(classes)+`)`)
}

// ids lists the classes for SQL.
func ids(classes []class) string {
	all := make([]string, len(classes))
	for i, c := range classes {
		all[i] = fmt.Sprint(c.id)
	}
	return strings.Join(all, ", ")
}

// some lists the videos of classes for which other conditions hold.
func (l *lister) some(where scope, classes []class, w words) ([]int64, int, error) {
	limit, offset := Page{l.filter.Start, l.filter.Count}.limits()
	condition, _ := where.condition()
	from := ` FROM ` + w.from + `video v WHERE v.class IN (` + ids(classes) + `)` + condition + w.where
	total, err := one(l.ctx, l.q, "the number of videos", value[int], `SELECT count(*)`+from, w.args...)
	if err != nil || offset >= total {
		return nil, total, err
	}
	found, err := list(l.ctx, l.q, "a list of videos", value[int64], `SELECT v.id`+from+l.order()+fmt.Sprintf(` LIMIT %d OFFSET %d`, limit, offset), w.args...)
	return found, total, err
}

// words are the conditions that no class knows of.
type words struct {
	from  string // what is looked at first: SQLite would look at all videos, for each whether it is among those found
	where string
	args  []any
}

// drive makes a query of numbers of videos the one that is looked at first, or a condition if there is one already.
func (w *words) drive(query string, args ...any) {
	if w.from == "" {
		w.from = `(` + query + `) AS found CROSS JOIN `
		w.where = ` AND v.id = found.id` + w.where
		w.args = append(args, w.args...)
		return
	}
	w.where += ` AND +v.id IN (` + query + `)`
	w.args = append(w.args, args...)
}

// words gives the conditions that no class knows of; ok is false if there are none.
func (l *lister) words() (w words, ok bool) {
	f := &l.filter
	if text := strings.TrimSpace(f.Search); text != "" {
		w.search(text)
	}
	for _, t := range f.AllTags {
		w.drive(`SELECT t.video_id AS id FROM video_tag t WHERE t.tag = ?`, t)
	}
	if len(f.Tags) > 0 {
		w.drive(`SELECT DISTINCT t.video_id AS id FROM video_tag t WHERE t.tag IN (`+marks(len(f.Tags))+`)`, anys(f.Tags)...)
	}
	if len(f.Categories) > 0 {
		w.where += ` AND v.category <> 0 AND v.category IN (` + marks(len(f.Categories)) + `)`
		w.args = append(w.args, anys(f.Categories)...)
	}
	if len(f.Licences) > 0 {
		w.where += ` AND v.licence IN (` + marks(len(f.Licences)) + `)`
		w.args = append(w.args, anys(f.Licences)...)
	}
	if len(f.Languages) > 0 {
		w.where += ` AND v.language <> '' AND v.language IN (` + marks(len(f.Languages)) + `)`
		w.args = append(w.args, anys(f.Languages)...)
	}
	return w, w.where != ""
}

// search adds what a person looks for. Words are found by their beginnings in the index of names; in writing without spaces
// a name is one word, and what is looked for may be anywhere in it.
func (w *words) search(text string) {
	var match []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		switch {
		case strings.ContainsFunc(word, spaceless):
			w.where += ` AND v.name LIKE ? ESCAPE '\'`
			w.args = append(w.args, contains(word))
		case strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }):
			match = append(match, `"`+strings.ReplaceAll(word, `"`, ` `)+`"*`)
		}
	}
	if len(match) > 0 {
		w.drive(`SELECT rowid AS id FROM video_text WHERE video_text MATCH ?`, strings.Join(match, " "))
	} else if w.where == "" {
		w.where = ` AND 0` // nothing but signs
	}
}

// spaceless says whether a character is of a script that is written without spaces between words.
func spaceless(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
