import CTorch

/// A store of keys and values that the processes of a group share (c10d `TCPStore`). One of them serves it.
///
/// `@unchecked Sendable`: `c10d::TCPStore` locks a mutex (`activeOpLock_`) in each operation, and the handle
/// never changes.
package final class TCPStore: @unchecked Sendable {
  let handle: OpaquePointer

  /// Connects to the store at an address. Throws `TorchError` if that fails for so long.
  ///
  /// - Parameters:
  ///   - serves: Whether this process serves the store, until it ends.
  ///   - prefix: Stands in front of all keys.
  package init(
    host: String, port: UInt16, serves: Bool, timeout: Duration, prefix: String
  ) throws(TorchError) {
    guard let handle = ct_store_open(host, port, serves, timeout.milliseconds, prefix) else {
      throw TorchError.last
    }
    self.handle = handle
  }

  private init(adopting handle: OpaquePointer) { self.handle = handle }

  deinit { ct_store_free(handle) }

  /// Another connection to the same store. A call waits for the other calls of its own connection only.
  /// Throws `TorchError`.
  package func connection() throws(TorchError) -> TCPStore {
    guard let handle = ct_store_clone(handle) else { throw TorchError.last }
    return TCPStore(adopting: handle)
  }

  /// Sets the value of a key. Throws `TorchError`.
  package func set(_ key: String, to bytes: [UInt8]) throws(TorchError) {
    // An empty array may have no address.
    let padded = bytes + [0]
    try check(ct_store_set(handle, key, padded, bytes.count))
  }

  /// The value of a key; nil if it is not set. Throws `TorchError`.
  package func value(_ key: String) throws(TorchError) -> [UInt8]? {
    let isSet = ct_store_has(handle, key)
    try check(isSet)
    return isSet == 1 ? try Tensor(adopting: ct_store_get(handle, key)).bytes() : nil
  }

  /// Adds to the number of a key, which starts at 0, and returns the sum. Throws `TorchError`.
  package func add(_ key: String, _ amount: Int) throws(TorchError) -> Int {
    let sum = ct_store_add(handle, key, Int64(amount))
    // -1 is also a sum, but not of the positive amounts that are added.
    guard sum >= 0 else { throw TorchError.last }
    return Int(sum)
  }
}

extension Duration {
  /// Whole milliseconds, at least 1.
  var milliseconds: Int32 { Int32(clamping: Swift.max(1, Int64(self / .milliseconds(1)))) }
}
