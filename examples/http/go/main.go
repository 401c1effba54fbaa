// Go's net/http as a server and as a client, each with real work.
//
//	main serve         says its port, and serves bytes, echoes, ranges, redirects and trailers
//	main client BASE   asks it, nginx and the application of Node through BASE, and compares every byte
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strconv"
	"sync"
	"time"
)

const large = 8 << 20

func pattern(size int) []byte {
	content := make([]byte, size)
	rand.New(rand.NewSource(int64(size))).Read(content)
	return content
}

// bodyOf reads it whole: Go throws away what is left of it when the answer begins.
func bodyOf(asked *http.Request) []byte {
	body, err := io.ReadAll(asked.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return body
}

func serve() error {
	mux := http.NewServeMux()
	mux.HandleFunc("/bytes", func(answer http.ResponseWriter, asked *http.Request) {
		size, _ := strconv.Atoi(asked.URL.Query().Get("n"))
		answer.Write(pattern(size))
	})
	mux.HandleFunc("/echo", func(answer http.ResponseWriter, asked *http.Request) {
		answer.Write(bodyOf(asked))
	})
	mux.HandleFunc("/range", func(answer http.ResponseWriter, asked *http.Request) {
		http.ServeContent(answer, asked, "range", time.Unix(1, 0), bytes.NewReader(pattern(large)))
	})
	mux.HandleFunc("/redirect", func(answer http.ResponseWriter, asked *http.Request) {
		// Not http.Redirect, which knows nothing of the prefix that was taken away.
		answer.Header().Set("Location", "echo")
		answer.WriteHeader(http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/trailers", func(answer http.ResponseWriter, asked *http.Request) {
		body := bodyOf(asked)
		answer.Header().Set("Trailer", "X-Sum")
		answer.Write(body)
		answer.Header().Set("X-Sum", fmt.Sprintf("%x %s", sha256.Sum256(body), asked.Trailer.Get("X-End")))
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	return http.Serve(listener, mux)
}

// client counts its connections.
type client struct {
	http  *http.Client
	base  string
	fresh int
	lock  sync.Mutex
}

// stream hides its length, so that it is sent in chunks.
type stream struct{ io.Reader }

func (c *client) do(method, path string, body io.Reader, change func(*http.Request)) ([]byte, *http.Response, error) {
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		c.lock.Lock()
		defer c.lock.Unlock()
		if !info.Reused {
			c.fresh++
		}
	}}
	ctx, cancel := context.WithTimeout(httptrace.WithClientTrace(context.Background(), trace), 20*time.Second)
	defer cancel()
	asked, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, nil, err
	}
	if change != nil {
		change(asked)
	}
	answer, err := c.http.Do(asked)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	return got, answer, err
}

// expect is one exchange with a status and a body.
func (c *client) expect(what, method, path string, body io.Reader, change func(*http.Request), status int, want []byte) (*http.Response, error) {
	got, answer, err := c.do(method, path, body, change)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if answer.StatusCode != status {
		return nil, fmt.Errorf("%s: status %d, not %d", what, answer.StatusCode, status)
	}
	if !bytes.Equal(got, want) {
		return nil, fmt.Errorf("%s: %d bytes, not the %d expected", what, len(got), len(want))
	}
	return answer, nil
}

func (c *client) sizes() error {
	for _, size := range []int{0, 1, 100, 4095, 4096, 65_535, 65_536, 131_072, 1_000_003, large} {
		what := fmt.Sprintf("%d bytes", size)
		if _, err := c.expect(what, "GET", fmt.Sprintf("/go/bytes?n=%d", size), nil, nil, 200, pattern(size)); err != nil {
			return err
		}
		for _, to := range []string{"/go/echo", "/echo"} {
			content := pattern(size)
			if _, err := c.expect(what+" to "+to, "POST", to, bytes.NewReader(content), nil, 200, content); err != nil {
				return err
			}
			if _, err := c.expect(what+" in chunks to "+to, "PUT", to, stream{bytes.NewReader(content)}, nil, 200, content); err != nil {
				return err
			}
		}
	}
	if c.fresh != 1 {
		return fmt.Errorf("%d connections for requests that came one after the other", c.fresh)
	}
	return nil
}

func (c *client) rest() error {
	content := pattern(large)
	ranged := func(asked *http.Request) { asked.Header.Set("Range", "bytes=1000-1999999") }
	if _, err := c.expect("a range", "GET", "/go/range", nil, ranged, 206, content[1000:2_000_000]); err != nil {
		return err
	}
	if _, err := c.expect("a redirect with its body", "POST", "/go/redirect", bytes.NewReader(content), nil, 200, content); err != nil {
		return err
	}
	waits := func(asked *http.Request) { asked.Header.Set("Expect", "100-continue") }
	if _, err := c.expect("Expect", "POST", "/go/echo", bytes.NewReader(content), waits, 200, content); err != nil {
		return err
	}
	if _, err := c.expect("HEAD", "HEAD", "/go/range", nil, nil, 200, nil); err != nil {
		return err
	}
	announce := func(asked *http.Request) { asked.Trailer = http.Header{"X-End": {"end"}} }
	answer, err := c.expect("trailers", "POST", "/go/trailers", stream{bytes.NewReader(content)}, announce, 200, content)
	if err != nil {
		return err
	}
	if want := fmt.Sprintf("%x end", sha256.Sum256(content)); answer.Trailer.Get("X-Sum") != want {
		return fmt.Errorf("trailers: %q, not %q", answer.Trailer.Get("X-Sum"), want)
	}
	return nil
}

func (c *client) many() error {
	const count = 200
	errs := make(chan error, count)
	for index := 0; index < count; index++ {
		go func(size int) {
			path := fmt.Sprintf("/go/bytes?n=%d", size)
			_, err := c.expect(path, "GET", path, nil, nil, 200, pattern(size))
			errs <- err
		}(index * 1000)
	}
	var first error
	for index := 0; index < count; index++ {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}

func ask(base string) error {
	transport := &http.Transport{ExpectContinueTimeout: 5 * time.Second, MaxConnsPerHost: 50, MaxIdleConnsPerHost: 50}
	c := &client{http: &http.Client{Transport: transport}, base: base}
	for _, work := range []func() error{c.sizes, c.rest, c.many} {
		if err := work(); err != nil {
			return err
		}
	}
	fmt.Println("50 bodies up to 8 MiB on one connection, in chunks too; range, redirect, Expect, trailers, 200 at once")
	return nil
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "serve":
		return serve()
	case len(args) == 2 && args[0] == "client":
		return ask(args[1])
	}
	return errors.New("usage: main serve | main client BASE")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
