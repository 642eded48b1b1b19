// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package world

import (
	"fmt"
	"maps"
	"reflect"
	"sync"
)

// A Memory keeps the state of a guest whose commands are all played by one
// process: thousands of them take as long as tens with files. What it keeps is
// what the JSON documents would hold. It keeps no log of the commands.
type Memory struct {
	mu     sync.Mutex
	states map[string]reflect.Value // as they were written; nobody changes them
	types  map[reflect.Type]*layout
}

// NewMemory gives one of a guest without any state.
func NewMemory() *Memory {
	return &Memory{states: map[string]reflect.Value{}, types: map[reflect.Type]*layout{}}
}

// Clone gives a copy as it is now, to go back to.
func (m *Memory) Clone() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memory{states: maps.Clone(m.states), types: maps.Clone(m.types)}
}

func (m *Memory) locked(f func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return f()
}

func (m *Memory) has(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.states[name]
	return ok
}

func (m *Memory) read(name string, state any) error {
	kept, ok := m.states[name]
	if !ok {
		return nil
	}
	to := reflect.ValueOf(state).Elem()
	if kept.Type() != to.Type() {
		return fmt.Errorf("state %s is of %v, not of %v", name, kept.Type(), to.Type())
	}
	m.layout(to.Type()).copy(to, kept)
	return nil
}

func (m *Memory) write(name string, state any) {
	from := reflect.Indirect(reflect.ValueOf(state))
	kept := reflect.New(from.Type()).Elem()
	m.layout(from.Type()).copy(kept, from)
	m.states[name] = kept
}

// A layout says how values of a type are copied: as they are, or by their
// exported fields, or element by element.
type layout struct {
	plain  bool
	fields []field
	of     *layout // elements
}

type field struct {
	index int
	*layout
}

// layout gives that of a type. A struct without exported fields (netip.Addr,
// time.Time) has a JSON form of its own, and is a plain value. So is a field that
// says by its tag memory:"shared" that nobody changes what it leads to.
func (m *Memory) layout(t reflect.Type) *layout {
	if l, known := m.types[t]; known {
		return l
	}
	l := &layout{}
	m.types[t] = l
	switch t.Kind() {
	case reflect.Struct:
		l.plain = true
		for i := range t.NumField() {
			switch f := t.Field(i); {
			case !f.IsExported():
			case f.Tag.Get("memory") == "shared":
				l.fields = append(l.fields, field{i, &layout{plain: true}})
			default:
				l.fields = append(l.fields, field{i, m.layout(f.Type)})
				l.plain = l.plain && m.layout(f.Type).plain
			}
		}
		l.plain = l.plain && (len(l.fields) == 0 || len(l.fields) == t.NumField())
	case reflect.Pointer, reflect.Slice, reflect.Map:
		l.of = m.layout(t.Elem())
	case reflect.Array, reflect.Interface, reflect.Chan, reflect.Func:
		panic(fmt.Sprintf("a state with a %v", t))
	default:
		l.plain = true
	}
	return l
}

// copy copies what encoding/json would keep: all that is exported, with what it
// leads to.
func (l *layout) copy(to, from reflect.Value) {
	switch kind := from.Kind(); {
	case l.plain:
		to.Set(from)
	case kind == reflect.Struct:
		for _, f := range l.fields {
			f.copy(to.Field(f.index), from.Field(f.index))
		}
	case from.IsNil() || kind != reflect.Pointer && from.Len() == 0:
		to.SetZero()
	case kind == reflect.Pointer:
		to.Set(reflect.New(from.Type().Elem()))
		l.of.copy(to.Elem(), from.Elem())
	case kind == reflect.Slice:
		l.slice(to, from)
	default:
		l.entries(to, from)
	}
}

func (l *layout) slice(to, from reflect.Value) {
	to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
	if l.of.plain {
		reflect.Copy(to, from)
		return
	}
	for i := range from.Len() {
		l.of.copy(to.Index(i), from.Index(i))
	}
}

func (l *layout) entries(to, from reflect.Value) {
	to.Set(reflect.MakeMapWithSize(from.Type(), from.Len()))
	for entry := from.MapRange(); entry.Next(); {
		value := reflect.New(from.Type().Elem()).Elem()
		l.of.copy(value, entry.Value())
		to.SetMapIndex(entry.Key(), value)
	}
}
