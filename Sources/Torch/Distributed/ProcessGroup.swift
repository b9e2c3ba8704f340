import CTorch

/// Processes that compute together. Each calls the same operations in the same order, with tensors of the same
/// shapes.
package final class ProcessGroup {
  private let handle: OpaquePointer

  private init(adopting handle: OpaquePointer?) throws(TorchError) {
    guard let handle else { throw TorchError.last }
    self.handle = handle
  }

  deinit { ct_group_free(handle) }

  /// Where the other processes reach this one.
  package enum Endpoint: Sendable, Equatable {
    case address(String)
    case interface(String)
  }

  /// Connects the processes by Gloo, for tensors on the CPU. Throws `TorchError`.
  ///
  /// - Parameter timeout: The time after which an operation fails.
  package static func gloo(
    _ store: TCPStore, rank: Int, size: Int, at endpoint: Endpoint, timeout: Duration
  ) throws(TorchError) -> ProcessGroup {
    let (rank, size) = (Int32(clamping: rank), Int32(clamping: size))
    let milliseconds = timeout.milliseconds
    let handle =
      switch endpoint {
      case .address(let address):
        ct_group_gloo(store.handle, rank, size, address, nil, milliseconds)
      case .interface(let name):
        ct_group_gloo(store.handle, rank, size, nil, name, milliseconds)
      }
    return try ProcessGroup(adopting: handle)
  }

  /// Connects the processes by NCCL, for float32 tensors on a GPU each. Throws `TorchError`.
  package static func nccl(
    _ store: TCPStore, rank: Int, size: Int, device: Device
  ) throws(TorchError) -> ProcessGroup {
    try ProcessGroup(
      adopting: ct_group_nccl(
        store.handle, Int32(clamping: rank), Int32(clamping: size), device.cdevice))
  }

  /// Whether NCCL is installed.
  package static var hasNCCL: Bool { ct_has_nccl() }

  /// The address of this machine from which it reaches a host. Throws `TorchError` if there is none.
  package static func localAddress(
    reaching host: String, port: UInt16
  ) throws(TorchError) -> String {
    var address = [CChar](repeating: 0, count: 128)
    let length = ct_local_address(host, port, &address, address.count)
    guard length >= 0 else { throw TorchError.last }
    return String(
      decoding: address.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Begins to replace a contiguous tensor by the sum over all processes, in place. Throws `TorchError`.
  package func allReduce(_ tensor: Tensor) throws(TorchError) -> PendingWork {
    try PendingWork(adopting: ct_group_allreduce(handle, tensor.handle), on: tensor)
  }

  /// Begins to overwrite a contiguous tensor by that of the process `root`, in place. Throws `TorchError`.
  package func broadcast(_ tensor: Tensor, from root: Int) throws(TorchError) -> PendingWork {
    try PendingWork(
      adopting: ct_group_broadcast(handle, tensor.handle, Int32(clamping: root)), on: tensor)
  }
}

/// An operation of a process group that has begun.
package final class PendingWork {
  private let handle: OpaquePointer
  /// Kept until the operation is over.
  private let tensor: Tensor

  fileprivate init(adopting handle: OpaquePointer?, on tensor: Tensor) throws(TorchError) {
    guard let handle else { throw TorchError.last }
    self.handle = handle
    self.tensor = tensor
  }

  deinit { ct_work_free(handle) }

  /// Waits for the operation. On a GPU it is done once it is in the device's queue. Throws `TorchError` if it
  /// has failed.
  ///
  /// - Returns: Whether it is done within this time.
  package func wait(_ time: Duration) throws(TorchError) -> Bool {
    let result = ct_work_wait(handle, time.milliseconds)
    try check(result)
    return result == 1
  }
}
