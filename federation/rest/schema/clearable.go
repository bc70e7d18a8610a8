package schema

import "reflect"

// Clearable is a field of a change that may be left as it is (it does not come), be cleared (null, or an empty text), or be
// given a value.
type Clearable[T any] struct {
	Set   bool
	Value T // the zero value if it is cleared
}

// Pointer is nil if the field is to be left as it is.
func (c *Clearable[T]) Pointer() *T {
	if !c.Set {
		return nil
	}
	return &c.Value
}

// target says that the field came, and gives the value to be filled.
func (c *Clearable[T]) target() reflect.Value {
	c.Set = true
	return reflect.ValueOf(&c.Value).Elem()
}

func (*Clearable[T]) inner() reflect.Type { return reflect.TypeFor[T]() }

// clearable is a *Clearable of any type.
type clearable interface {
	target() reflect.Value
	inner() reflect.Type
}

// File is a file of a multipart form.
type File struct {
	Name string // as the client calls it; never a path to be used
	Type string // as the client calls it
	Data []byte
}
