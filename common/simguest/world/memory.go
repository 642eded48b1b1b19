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
	types  map[reflect.Type]layout
}

// NewMemory gives one of a guest without any state.
func NewMemory() *Memory {
	return &Memory{states: map[string]reflect.Value{}, types: map[reflect.Type]layout{}}
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
	m.copy(to, kept)
	return nil
}

func (m *Memory) write(name string, state any) {
	from := reflect.Indirect(reflect.ValueOf(state))
	kept := reflect.New(from.Type()).Elem()
	m.copy(kept, from)
	m.states[name] = kept
}

// A layout says how values of a type are copied: as they are, or by their
// exported fields.
type layout struct {
	plain  bool
	fields []int
}

// layout gives that of a type. A struct without exported fields (netip.Addr,
// time.Time) has a JSON form of its own, and is a plain value.
func (m *Memory) layout(t reflect.Type) layout {
	l, known := m.types[t]
	if known {
		return l
	}
	switch t.Kind() {
	case reflect.Struct:
		l.plain = true
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				l.fields = append(l.fields, i)
				l.plain = l.plain && m.layout(t.Field(i).Type).plain
			}
		}
		l.plain = l.plain && (len(l.fields) == 0 || len(l.fields) == t.NumField())
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array, reflect.Interface:
	default:
		l.plain = true
	}
	m.types[t] = l
	return l
}

// copy copies what encoding/json would keep: all that is exported, with what it
// leads to.
func (m *Memory) copy(to, from reflect.Value) {
	l := m.layout(from.Type())
	switch {
	case l.plain:
		to.Set(from)
		return
	case from.Kind() == reflect.Struct:
		for _, i := range l.fields {
			m.copy(to.Field(i), from.Field(i))
		}
		return
	case from.IsZero() || from.Kind() != reflect.Pointer && from.Len() == 0:
		to.SetZero()
		return
	}
	switch from.Kind() {
	case reflect.Pointer:
		to.Set(reflect.New(from.Type().Elem()))
		m.copy(to.Elem(), from.Elem())
	case reflect.Slice:
		m.slice(to, from)
	case reflect.Map:
		m.entries(to, from)
	default:
		panic(fmt.Sprintf("a state with a %v", from.Type()))
	}
}

func (m *Memory) slice(to, from reflect.Value) {
	to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
	if m.layout(from.Type().Elem()).plain {
		reflect.Copy(to, from)
		return
	}
	for i := range from.Len() {
		m.copy(to.Index(i), from.Index(i))
	}
}

func (m *Memory) entries(to, from reflect.Value) {
	to.Set(reflect.MakeMapWithSize(from.Type(), from.Len()))
	for entry := from.MapRange(); entry.Next(); {
		value := reflect.New(from.Type().Elem()).Elem()
		m.copy(value, entry.Value())
		to.SetMapIndex(entry.Key(), value)
	}
}
