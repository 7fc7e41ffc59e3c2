#include "common/jwks_source.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static void cleanup_url(CURLU **url)
{
    curl_url_cleanup(*url);
}

static void cleanup_curl(CURL **curl)
{
    curl_easy_cleanup(*curl);
}

static void cleanup_curl_text(char **text)
{
    curl_free(*text);
}

static void cleanup_file(FILE **file)
{
    if (*file != NULL) {
        fclose(*file);
    }
}

static void curl_begin(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void curl_begin_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, curl_begin);
}

bool jwks_source_check(const char *source, bool *ret_is_remote, struct problem *err)
{
    if (strstr(source, "://") == NULL) {
        *ret_is_remote = false;
        return true;
    }
    curl_begin_once();
    CLEANUP(cleanup_url) CURLU *url = curl_url();
    CLEANUP(cleanup_curl_text) char *scheme = NULL;
    CLEANUP(cleanup_curl_text) char *host = NULL;
    CLEANUP(cleanup_curl_text) char *user = NULL;
    if (url == NULL ||
        curl_url_set(url, CURLUPART_URL, source, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK) {
        return problem_set(err, PROBLEM_INTERNAL, "%s is no usable address of keys", source);
    }
    bool is_loopback = strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0;
    if (strcmp(scheme, "https") != 0 && !(strcmp(scheme, "http") == 0 && is_loopback)) {
        return problem_set(err, PROBLEM_INTERNAL, "%s: keys come by https (or http from 127.0.0.1)",
                           source);
    }
    *ret_is_remote = true;
    return true;
}

/* Text that is being received. */
struct buffer {
    char *text;
    size_t size;
};

/* For libcurl: taking less than was offered ends the transfer. */
static size_t buffer_receive(char *bytes, size_t one, size_t size, void *context)
{
    struct buffer *buffer = context;
    if (one != 1 || size > JWKS_BYTES_MAX - buffer->size) {
        return 0;
    }
    memcpy(buffer->text + buffer->size, bytes, size);
    buffer->size += size;
    return size;
}

static bool curl_prepare(CURL *curl, const char *address, const char *ca_file,
                         struct buffer *buffer)
{
    bool is_plain = strncmp(address, "http:", 5) == 0;
    return curl_easy_setopt(curl, CURLOPT_URL, address) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, is_plain ? "http" : "https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)JWKS_FETCH_MS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)JWKS_FETCH_MS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)JWKS_BYTES_MAX) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, buffer_receive) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, buffer) == CURLE_OK &&
           (!is_plain || curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") == CURLE_OK) &&
           (ca_file[0] == '\0' || curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file) == CURLE_OK);
}

static bool address_read(const char *address, const char *ca_file, struct buffer *buffer,
                         struct problem *err)
{
    curl_begin_once();
    CLEANUP(cleanup_curl) CURL *curl = curl_easy_init();
    if (curl == NULL || !curl_prepare(curl, address, ca_file, buffer)) {
        return problem_set(err, PROBLEM_INTERNAL, "libcurl cannot be set up for %s", address);
    }
    CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || status != 200) {
        return problem_set(err, PROBLEM_INTERNAL, "no keys from %s: %s (status %ld)", address,
                           curl_easy_strerror(code), status);
    }
    return true;
}

static bool file_read(const char *path, struct buffer *buffer, struct problem *err)
{
    CLEANUP(cleanup_file) FILE *file = fopen(path, "re");
    if (file == NULL) {
        return problem_set(err, PROBLEM_INTERNAL, "no keys from %s: %s", path, strerror(errno));
    }
    buffer->size = fread(buffer->text, 1, JWKS_BYTES_MAX, file);
    if (ferror(file) != 0 || fgetc(file) != EOF) {
        return problem_set(err, PROBLEM_INTERNAL, "no keys from %s: %s", path,
                           ferror(file) != 0 ? "it cannot be read" : "it is over 256 KiB");
    }
    return true;
}

bool jwks_source_read(const char *source, bool is_remote, const char *ca_file, char **ret_text,
                      size_t *ret_size, struct problem *err)
{
    char_auto_t *text = malloc(JWKS_BYTES_MAX);
    if (text == NULL) {
        return problem_set(err, PROBLEM_INTERNAL, "no memory for the keys of %s", source);
    }
    struct buffer buffer = {.text = text};
    if (is_remote ? !address_read(source, ca_file, &buffer, err)
                  : !file_read(source, &buffer, err)) {
        return false;
    }
    *ret_text = STEAL(text);
    *ret_size = buffer.size;
    return true;
}
