/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pack.c - libzstd and zlib, streaming both ways with fixed buffers.
 *
 * Owns the libraries' states. Not here: names, renames, syncing (tidy.c).
 */
#include "logrotate/pack.h"

#include <assert.h>
#include <zlib.h>
#include <zstd.h>

#include "base/file.h"

enum {
	FRAME_BYTES = 1024 * 1024, /* unpacked, per zstd frame */
	CHUNK_BYTES = 128 * 1024,
	GZIP_WINDOW = 15 + 16, /* zlib.h: 15 bits, gzip header and checksum */
	GZIP_READ = 15 + 32,   /* detects the header */
};

struct unpacker {
	int fd;
	enum compress kind;
	off_t at;          /* in the packed file */
	int64_t unpacked;  /* bytes given out so far */
	unsigned char *in; /* packed bytes that were read */
	size_t in_at, in_size;
	ZSTD_DStream *zstd;
	z_stream gzip;
	bool gzip_open, in_frame;
};

const char *pack_suffix(enum compress kind)
{
	switch (kind) {
	case COMPRESS_ZSTD: return ".zst";
	case COMPRESS_GZIP: return ".gz";
	case COMPRESS_NONE: return "";
	}
	abort();
}

static ssize_t read_full(int fd, void *bytes, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t got = read(fd, (char *)bytes + have, size - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

struct frame {
	void *in, *out;
	size_t room;
};

static int pack_frame(ZSTD_CCtx *context, const struct frame *frame, size_t size, int to)
{
	size_t packed = ZSTD_compress2(context, frame->out, frame->room, frame->in, size);

	return ZSTD_isError(packed) ? -EIO : fd_write_all(to, frame->out, packed);
}

static int pack_zstd(int from, int to, int level, atomic_bool *stop)
{
	size_t room = ZSTD_compressBound(FRAME_BYTES);
	_cleanup_free_ void *in = malloc(FRAME_BYTES);
	_cleanup_free_ void *out = malloc(room);
	struct frame frame = { in, out, room };
	ZSTD_CCtx *context = ZSTD_createCCtx();
	ssize_t got = 0;
	int r = in && out && context ? 0 : -ENOMEM;

	if (context) {
		ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
		ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	}
	while (r == 0 && (got = read_full(from, in, FRAME_BYTES)) > 0) {
		if (atomic_load(stop))
			r = -ECANCELED;
		else
			r = pack_frame(context, &frame, (size_t)got, to);
	}
	ZSTD_freeCCtx(context);
	return r < 0 ? r : (int)got;
}

static int deflate_all(z_stream *stream, int to, unsigned char *out, int flush)
{
	do {
		int r;

		stream->next_out = out;
		stream->avail_out = CHUNK_BYTES;
		if (deflate(stream, flush) == Z_STREAM_ERROR)
			return -EIO;
		r = fd_write_all(to, out, CHUNK_BYTES - stream->avail_out);
		if (r < 0)
			return r;
	} while (stream->avail_out == 0);
	return 0;
}

static int pack_gzip(int from, int to, int level, atomic_bool *stop)
{
	_cleanup_free_ unsigned char *in = malloc(CHUNK_BYTES);
	_cleanup_free_ unsigned char *out = malloc(CHUNK_BYTES);
	z_stream stream = { 0 };
	ssize_t got;
	int r = 0;

	if (!in || !out ||
		deflateInit2(&stream, MIN(level, 9), Z_DEFLATED, GZIP_WINDOW, 8,
			Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	do {
		got = read_full(from, in, CHUNK_BYTES);
		if (got < 0)
			break;
		stream.next_in = in;
		stream.avail_in = (unsigned)got;
		r = atomic_load(stop) ? -ECANCELED
				      : deflate_all(&stream, to, out,
						got == 0 ? Z_FINISH : Z_NO_FLUSH);
	} while (r == 0 && got > 0);
	deflateEnd(&stream);
	return r < 0 ? r : (int)MIN(got, 0);
}

int pack_fd(int from, int to, enum compress kind, int level, atomic_bool *stop)
{
	assert(kind != COMPRESS_NONE);
	return kind == COMPRESS_ZSTD ? pack_zstd(from, to, level, stop)
				     : pack_gzip(from, to, level, stop);
}

int unpacker_new(struct unpacker **ret, int fd, enum compress kind)
{
	_cleanup_(unpacker_freep) struct unpacker *unpacker =
		calloc(1, sizeof(*unpacker));

	if (!unpacker)
		return -ENOMEM;
	unpacker->fd = fd;
	unpacker->kind = kind;
	if (kind != COMPRESS_NONE && !(unpacker->in = malloc(CHUNK_BYTES)))
		return -ENOMEM;
	if (kind == COMPRESS_ZSTD && !(unpacker->zstd = ZSTD_createDStream()))
		return -ENOMEM;
	if (kind == COMPRESS_GZIP) {
		if (inflateInit2(&unpacker->gzip, GZIP_READ) != Z_OK)
			return -ENOMEM;
		unpacker->gzip_open = true;
	}
	*ret = TAKE(unpacker);
	return 0;
}

struct unpacker *unpacker_free(struct unpacker *unpacker)
{
	if (!unpacker)
		return NULL;
	ZSTD_freeDStream(unpacker->zstd);
	if (unpacker->gzip_open)
		inflateEnd(&unpacker->gzip);
	free(unpacker->in);
	free(unpacker);
	return NULL;
}

static ssize_t read_at(struct unpacker *unpacker, void *bytes, size_t size)
{
	ssize_t got;

	do
		got = pread(unpacker->fd, bytes, size, unpacker->at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	unpacker->at += got;
	return got;
}

/* More packed bytes when all were used: 1, 0 at the end of the file, -errno. */
static int refill(struct unpacker *unpacker)
{
	ssize_t got;

	if (unpacker->in_at < unpacker->in_size)
		return 1;
	got = read_at(unpacker, unpacker->in, CHUNK_BYTES);
	if (got < 0)
		return (int)got;
	unpacker->in_at = 0;
	unpacker->in_size = (size_t)got;
	return got > 0;
}

/* Both steps: unpack from in[in_at..in_size) to bytes; how much was made, -EBADMSG. */
static ssize_t step_zstd(struct unpacker *unpacker, void *bytes, size_t size)
{
	ZSTD_inBuffer in = { unpacker->in, unpacker->in_size, unpacker->in_at };
	ZSTD_outBuffer out = { bytes, size, 0 };
	size_t r = ZSTD_decompressStream(unpacker->zstd, &out, &in);

	if (ZSTD_isError(r))
		return -EBADMSG;
	unpacker->in_frame = r != 0;
	unpacker->in_at = in.pos;
	return (ssize_t)out.pos;
}

static ssize_t step_gzip(struct unpacker *unpacker, void *bytes, size_t size)
{
	z_stream *stream = &unpacker->gzip;
	int r;

	stream->next_in = unpacker->in + unpacker->in_at;
	stream->avail_in = (unsigned)(unpacker->in_size - unpacker->in_at);
	stream->next_out = bytes;
	stream->avail_out = (unsigned)size;
	r = inflate(stream, Z_NO_FLUSH);
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return -EBADMSG;
	unpacker->in_at = unpacker->in_size - stream->avail_in;
	unpacker->in_frame = r != Z_STREAM_END;
	if (r == Z_STREAM_END)
		inflateReset2(stream, GZIP_READ); /* members may follow one another */
	return (ssize_t)(size - stream->avail_out);
}

static ssize_t unpack(struct unpacker *unpacker, void *bytes, size_t size)
{
	bool zstd = unpacker->kind == COMPRESS_ZSTD;

	for (;;) {
		ssize_t made;
		int r = refill(unpacker);

		if (r < 0 || (r == 0 && !unpacker->in_frame))
			return r;
		made = zstd ? step_zstd(unpacker, bytes, size)
			    : step_gzip(unpacker, bytes, size);
		if (made != 0)
			return made;
		if (r == 0)
			return -EBADMSG; /* cut in the middle of a frame */
	}
}

ssize_t unpacker_read(struct unpacker *unpacker, void *bytes, size_t size)
{
	ssize_t got = unpacker->kind == COMPRESS_NONE ? read_at(unpacker, bytes, size)
						      : unpack(unpacker, bytes, size);

	if (got > 0)
		unpacker->unpacked += got;
	return got;
}

static int rewind_packed(struct unpacker *unpacker)
{
	unpacker->at = 0;
	unpacker->unpacked = 0;
	unpacker->in_at = unpacker->in_size = 0;
	unpacker->in_frame = false;
	if (unpacker->kind == COMPRESS_ZSTD)
		ZSTD_DCtx_reset(unpacker->zstd, ZSTD_reset_session_only);
	else
		inflateReset2(&unpacker->gzip, GZIP_READ);
	return 0;
}

int unpacker_seek(struct unpacker *unpacker, int64_t offset)
{
	char skipped[16 * 1024];

	if (unpacker->kind == COMPRESS_NONE) {
		unpacker->at = unpacker->unpacked = offset;
		return 0;
	}
	if (offset < unpacker->unpacked)
		rewind_packed(unpacker);
	while (unpacker->unpacked < offset) {
		int64_t left = offset - unpacker->unpacked;
		ssize_t got = unpacker_read(
			unpacker, skipped, (size_t)MIN(left, (int64_t)sizeof(skipped)));

		if (got < 0)
			return (int)got;
		if (got == 0)
			return -EBADMSG;
	}
	return 0;
}
