import CTorch

/// Tensors on a device that are overwritten together, in one transfer.
package final class UploadBuffer {
  /// The tensors on the device.
  package let tensors: [Tensor]
  private let memory: Tensor

  /// A buffer for tensors with the shapes and types of others. Throws `TorchError`.
  package init(like others: [Tensor], on device: Device) throws(TorchError) {
    let size = withHandles(others) { ct_upload_size($0, $1) }
    memory = try .empty([Int(size)], dtype: .uint8, device: device)
    var handles = [OpaquePointer?](repeating: nil, count: others.count)
    try check(withHandles(others) { [memory] in ct_upload_views(memory.handle, $0, $1, &handles) })
    var tensors: [Tensor] = []
    for handle in handles { tensors.append(try Tensor(adopting: handle)) }
    self.tensors = tensors
  }

  /// Copies CPU tensors of the buffer's shapes and types to the device, without waiting for it.
  package func upload(_ sources: [Tensor]) throws(TorchError) {
    guard sources.map(\.shape) == tensors.map(\.shape), sources.map(\.dtype) == tensors.map(\.dtype)
    else { throw TorchError("The tensors have other shapes or types than the buffer.") }
    try check(withHandles(sources) { ct_upload(memory.handle, $0, $1) })
  }
}

extension Backend {
  /// How often a call of this thread waited for a tensor's device, or would have if that were a GPU:
  /// reads of values, and copies of host memory other than ``UploadBuffer``'s.
  package static var waitCount: Int { Int(checkProperty(ct_wait_count())) }
}
