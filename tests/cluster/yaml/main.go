// Command yaml-oracle answers how kubectl reads YAML, by asking the libraries that kubectl itself is built from.
//
//	yaml-oracle         each input is one document; the answer is that of sigs.k8s.io/yaml:
//	                    {"json": <JSON or null>, "error": "..."|null, "strictError": "..."|null}
//	yaml-oracle split   each input is a whole file or stream, as given to `kubectl apply -f`:
//	                    {"documents": [<JSON>, ...], "error": "..."|null}
//
// Inputs come on stdin, each as its length in bytes in decimal, a newline, and that many bytes. Every input gets
// exactly one line on stdout, at once and in order, so that one process can serve a whole test. It ends with stdin.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	kubernetes "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func main() {
	var ask func([]byte) any
	switch {
	case len(os.Args) == 1:
		ask = func(input []byte) any { return readDocument(input) }
	case len(os.Args) == 2 && os.Args[1] == "split":
		ask = func(input []byte) any { return readStream(input) }
	default:
		fail(errors.New("usage: yaml-oracle [split]"))
	}
	if err := serve(bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout), ask); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "yaml-oracle: %v\n", err)
	os.Exit(2)
}

func serve(inputs *bufio.Reader, answers *json.Encoder, ask func([]byte) any) error {
	for {
		input, err := nextInput(inputs)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := answers.Encode(ask(input)); err != nil {
			return err
		}
	}
}

// nextInput reads one length-prefixed input; io.EOF only where an input would begin.
func nextInput(inputs *bufio.Reader) ([]byte, error) {
	line, err := inputs.ReadString('\n')
	if err == io.EOF && line == "" {
		return nil, io.EOF
	}
	if err != nil {
		return nil, fmt.Errorf("reading a length: %w", err)
	}
	size, err := strconv.ParseUint(strings.TrimSuffix(line, "\n"), 10, 31)
	if err != nil {
		return nil, fmt.Errorf("wanted the length of an input and a newline, got %q", line)
	}
	input := make([]byte, size)
	if _, err := io.ReadFull(inputs, input); err != nil {
		return nil, fmt.Errorf("reading an input of %d bytes: %w", size, err)
	}
	return input, nil
}

// document is the answer about one document.
type document struct {
	JSON        json.RawMessage `json:"json"`
	Error       *string         `json:"error"`
	StrictError *string         `json:"strictError"`
}

func readDocument(input []byte) document {
	value, err := convert(yaml.YAMLToJSON, input)
	_, strictErr := convert(yaml.YAMLToJSONStrict, input)
	return document{JSON: value, Error: text(err), StrictError: text(strictErr)}
}

// convert makes a panic of the library an answer like any other: it is what the library does with this input.
func convert(library func([]byte) ([]byte, error), input []byte) (value []byte, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			value, err = nil, fmt.Errorf("panic: %v", reason)
		}
	}()
	return library(input)
}

// stream is the answer about a file: the documents before the first that cannot be read, where kubectl stops.
type stream struct {
	Documents []json.RawMessage `json:"documents"`
	Error     *string           `json:"error"`
}

// readStream does what StreamVisitor of k8s.io/cli-runtime (pkg/resource/visitor.go) does with a file: the same
// decoder with the same buffer, and empty documents are left out.
func readStream(input []byte) stream {
	read := stream{Documents: []json.RawMessage{}}
	decoder := kubernetes.NewYAMLOrJSONDecoder(bytes.NewReader(input), 4096)
	for {
		var value json.RawMessage
		err := decoder.Decode(&value)
		if err == io.EOF {
			return read
		}
		if err != nil {
			read.Error = text(err)
			return read
		}
		value = bytes.TrimSpace(value)
		if len(value) > 0 && !bytes.Equal(value, []byte("null")) {
			read.Documents = append(read.Documents, value)
		}
	}
}

func text(err error) *string {
	if err == nil {
		return nil
	}
	message := err.Error()
	return &message
}
