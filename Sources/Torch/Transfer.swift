import CTorch

extension Tensor {
  /// The size of each of the two buffers on the way to a GPU, in bytes.
  private static let staging = 64 << 20

  /// Brings tensors from host memory to a device and a type, one after the other. On the way to a GPU
  /// they pass through two pinned buffers, so that reading and converting one part overlaps with the
  /// transfer of the other, and only the result takes GPU memory.
  ///
  /// - Parameters:
  ///   - dtype: the type of the results; nil for each tensor's own.
  ///   - staging: the size of each buffer in bytes; 0 copies without buffers. By default a GPU has
  ///     buffers.
  ///   - next: returns the tensor of an index.
  ///   - take: receives the result, and whether it is a copy rather than the tensor itself.
  /// - Throws: `TorchError`, and errors of `next` and `take`.
  package static func transfer(
    _ count: Int, to device: Device, dtype: DType?, staging: Int? = nil,
    next: (Int) throws -> Tensor, take: (Int, Tensor, _ isCopy: Bool) throws -> Void
  ) throws {
    try withoutActuallyEscaping(next) { next in
      try withoutActuallyEscaping(take) { take in
        let transfer = Transfer(next: next, take: take)
        let status = ct_transfer(
          count, dtype.map { Int32($0.ctype.rawValue) } ?? -1, device.cdevice,
          staging ?? (device.isCUDA ? Self.staging : 0),
          Unmanaged.passUnretained(transfer).toOpaque(), nextTensor, takeTensor)
        let error = transfer.error
        withExtendedLifetime(transfer) {}
        if let error { throw error }
        try check(status)
      }
    }
  }

  /// A second handle of this tensor, for C to own.
  func retainedHandle() throws(TorchError) -> OpaquePointer {
    guard let alias = ct_alias(handle) else { throw TorchError.last }
    return alias
  }
}

/// Carries the closures of a transfer through C, and back the error that one of them throws.
private final class Transfer {
  let next: (Int) throws -> Tensor
  let take: (Int, Tensor, Bool) throws -> Void
  var error: (any Error)?

  init(
    next: @escaping (Int) throws -> Tensor, take: @escaping (Int, Tensor, Bool) throws -> Void
  ) {
    self.next = next
    self.take = take
  }

  /// Runs a closure. An error is kept, and nil returned.
  func attempt<Result>(_ body: () throws -> Result) -> Result? {
    do {
      return try body()
    } catch {
      self.error = error
      return nil
    }
  }
}

private func nextTensor(_ context: UnsafeMutableRawPointer, _ index: Int) -> OpaquePointer? {
  let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
  return transfer.attempt { try transfer.next(index).retainedHandle() }
}

private func takeTensor(
  _ context: UnsafeMutableRawPointer, _ index: Int, _ handle: OpaquePointer, _ isCopy: Bool
) -> Bool {
  let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
  return transfer.attempt { try transfer.take(index, Tensor(adopting: handle), isCopy) } != nil
}
