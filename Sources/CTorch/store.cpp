// The store of keys and values through which processes find each other.
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "distributed.h"

using namespace shim;

namespace {

using Handle = c10::intrusive_ptr<c10d::Store>;

ct_store own(Handle store) {
  return reinterpret_cast<ct_store>(new Handle(std::move(store)));
}

}  // namespace

ct_store ct_store_open(
    const char *host, uint16_t port, bool serves, int32_t milliseconds,
    const char *prefix) noexcept {
  return guard<ct_store>(nullptr, [&] {
    // Without this, libtorch prints each attempt to connect, with its stack.
    FLAGS_caffe2_log_level = 3;
    c10d::TCPStoreOptions options;
    options.port = port;
    options.isServer = serves;
    options.waitWorkers = false;
    options.timeout = std::chrono::milliseconds(milliseconds);
    auto store = c10::make_intrusive<c10d::TCPStore>(host, options);
    store->setTimeout(c10d::Store::kDefaultTimeout);
    return own(c10::make_intrusive<c10d::PrefixStore>(prefix, store));
  });
}

ct_store ct_store_clone(ct_store store) noexcept {
  return guard<ct_store>(nullptr, [&] { return own(ref(store).clone()); });
}

void ct_store_free(ct_store store) noexcept {
  status([&] { delete reinterpret_cast<Handle *>(store); });
}

int ct_store_set(ct_store store, const char *key, const uint8_t *bytes, size_t count) noexcept {
  return status([&] { ref(store).set(key, std::vector<uint8_t>(bytes, bytes + count)); });
}

ct_tensor ct_store_get(ct_store store, const char *key) noexcept {
  return tensor([&] {
    auto bytes = ref(store).get(key);
    auto result = at::empty({static_cast<int64_t>(bytes.size())}, at::kByte);
    if (!bytes.empty()) std::memcpy(result.data_ptr(), bytes.data(), bytes.size());
    return result;
  });
}

int ct_store_has(ct_store store, const char *key) noexcept {
  return guard<int>(-1, [&] { return ref(store).check({key}) ? 1 : 0; });
}

int64_t ct_store_add(ct_store store, const char *key, int64_t amount) noexcept {
  return guard<int64_t>(-1, [&] { return ref(store).add(key, amount); });
}

int64_t ct_local_address(
    const char *host, uint16_t port, char *address, size_t capacity) noexcept {
  return guard<int64_t>(-1, [&] {
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo *found = nullptr;
    auto code = getaddrinfo(host, std::to_string(port).c_str(), &hints, &found);
    TORCH_CHECK(code == 0, gai_strerror(code));
    std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, freeaddrinfo);
    for (auto *entry = found; entry; entry = entry->ai_next) {
      // Connecting a datagram socket sends nothing, but chooses the address to send from.
      int socket = ::socket(entry->ai_family, SOCK_DGRAM, 0);
      if (socket < 0) continue;
      sockaddr_storage local{};
      socklen_t length = sizeof local;
      bool known = connect(socket, entry->ai_addr, entry->ai_addrlen) == 0 &&
                   getsockname(socket, reinterpret_cast<sockaddr *>(&local), &length) == 0;
      close(socket);
      if (known && getnameinfo(
                       reinterpret_cast<sockaddr *>(&local), length, address, capacity, nullptr, 0,
                       NI_NUMERICHOST) == 0) {
        return static_cast<int64_t>(std::strlen(address));
      }
    }
    TORCH_CHECK(false, "no network reaches it");
  });
}
