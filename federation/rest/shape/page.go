package shape

import "time"

// Page is a piece of a list.
type Page[T any] struct {
	Total *int `json:"total,omitempty" doc:"How many there are in the whole list; not there with skipCount."`
	Data  []T  `json:"data"`
}

// Time is nil for the zero time, which stands for none.
func Time(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Text is nil for an empty text.
func Text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
