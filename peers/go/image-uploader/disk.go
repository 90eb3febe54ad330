package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// temporaryPrefix is what the name of every temporary file begins with.
const temporaryPrefix = ".upload-"

// disk is a folder of images. An image is a file of its name in it; what is still being uploaded
// is a temporary file beside them, whose name begins with a dot, so it can never be taken for one.
//
// The disk also does on command what disks do: it fills up, keeps a sync waiting, loses its power.
type disk struct {
	folder string

	mutex     sync.Mutex
	changed   *sync.Cond // told when held or unpowered has changed
	full      bool
	held      bool
	unpowered bool
	counts    counts
	created   uint64            // temporary files that were ever made; each has its number as its name
	synced    map[string]uint64 // how much of a file is safe, in bytes; one that is not here is safe altogether
}

// counts say what has become of the disk so far.
type counts struct {
	bytes       uint64 // that were written, whatever became of their file
	temporaries uint64 // that were neither published nor removed
	heldSyncs   uint64 // that wait because they are held
}

// image is what is stored under a name.
type image struct {
	size   uint64
	sha256 [sha256.Size]byte
}

var errUnpowered = errors.New("the disk has no power")

// openDisk takes a folder, and makes it if it is not there. Temporary files in it are what a crash
// has left, and are removed.
func openDisk(folder string) (*disk, error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), temporaryPrefix) {
			if err := os.Remove(filepath.Join(folder, entry.Name())); err != nil {
				return nil, err
			}
		}
	}
	d := &disk{folder: folder, synced: make(map[string]uint64)}
	d.changed = sync.NewCond(&d.mutex)
	return d, nil
}

// image reads the image of this name to its end. The name becomes part of a path as it is.
func (d *disk) image(name string) (stored image, err error) {
	if err := d.withPower(func() error { return nil }); err != nil {
		return stored, err
	}
	file, err := os.Open(filepath.Join(d.folder, name))
	if err != nil {
		return stored, err
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	if err != nil {
		return stored, err
	}
	return image{size: uint64(size), sha256: [sha256.Size]byte(hash.Sum(nil))}, nil
}

// withPower does something while nothing else happens to the disk.
func (d *disk) withPower(do func() error) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.unpowered {
		return errUnpowered
	}
	return do()
}

// temporary is a file that is not an image yet. It stays until it is published or removed.
type temporary struct {
	disk      *disk
	path      string
	file      *os.File
	written   uint64
	published bool
}

// createTemporary makes an empty file that no other upload has.
func (d *disk) createTemporary() (created *temporary, err error) {
	err = d.withPower(func() error {
		d.created++
		path := filepath.Join(d.folder, fmt.Sprintf("%s%d", temporaryPrefix, d.created))
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return err
		}
		d.counts.temporaries++
		d.synced[path] = 0
		created = &temporary{disk: d, path: path, file: file}
		return nil
	})
	return created, err
}

// write writes at the file's end. The bytes may be in memory only, until they are synced.
func (t *temporary) write(data []byte) error {
	err := t.disk.withPower(func() error {
		if t.disk.full {
			return syscall.ENOSPC
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := t.file.Write(data); err != nil {
		return err
	}
	t.written += uint64(len(data))
	t.disk.mutex.Lock()
	defer t.disk.mutex.Unlock()
	t.disk.counts.bytes += uint64(len(data))
	return nil
}

// sync waits until everything that was written would survive a power failure.
func (t *temporary) sync() error {
	if err := t.disk.waitWhileHeld(); err != nil {
		return err
	}
	if err := t.file.Sync(); err != nil {
		return err
	}
	return t.disk.withPower(func() error {
		t.disk.synced[t.path] = t.written
		return nil
	})
}

// publish makes the file the image of this name, in place of an older one, in one step: whoever
// looks finds the old image or the new one, whole. When it returns, the new name would survive a
// power failure. Whether the content would is another matter: see sync.
func (t *temporary) publish(name string) error {
	path := filepath.Join(t.disk.folder, name)
	err := t.disk.withPower(func() error {
		if err := os.Rename(t.path, path); err != nil {
			return err
		}
		t.disk.counts.temporaries--
		synced := t.disk.synced[t.path]
		delete(t.disk.synced, t.path)
		// Files that are safe need not be remembered.
		if synced == t.written {
			delete(t.disk.synced, path)
		} else {
			t.disk.synced[path] = synced
		}
		t.path, t.published = path, true
		return nil
	})
	if err != nil {
		return err
	}
	// A name is an entry of its folder, which is a file too.
	folder, err := os.Open(t.disk.folder)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// remove closes the file, and removes it unless it has been published. To be called once.
func (t *temporary) remove() error {
	// Nothing is lost by an error of close: what had to be on the disk was synced before.
	t.file.Close()
	return t.disk.withPower(func() error {
		if t.published {
			return nil
		}
		if err := os.Remove(t.path); err != nil {
			return err
		}
		t.disk.counts.temporaries--
		delete(t.disk.synced, t.path)
		return nil
	})
}

// pullThePlug leaves what a power failure may leave. It is a simple model of one: every name is as
// it is now, since a folder's entries may reach the disk long before the content of the files, and
// of every file there is what was synced. After that the disk takes nothing.
func (d *disk) pullThePlug() error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.unpowered = true
	d.changed.Broadcast()
	for path, synced := range d.synced {
		if err := os.Truncate(path, int64(synced)); err != nil {
			return err
		}
	}
	return nil
}

func (d *disk) failWrites(fail bool) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.full = fail
}

func (d *disk) holdSyncs(hold bool) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.held = hold
	d.changed.Broadcast()
}

func (d *disk) count() counts {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.counts
}

func (d *disk) waitWhileHeld() error {
	return d.withPower(func() error {
		d.counts.heldSyncs++
		for d.held && !d.unpowered {
			d.changed.Wait()
		}
		d.counts.heldSyncs--
		if d.unpowered {
			return errUnpowered
		}
		return nil
	})
}
