import CTorch

extension Tensor {
  /// A copy in memory that a GPU reads directly. Throws `TorchError`.
  package func pinned() throws(TorchError) -> Tensor { try Tensor(adopting: ct_pinned(handle)) }

  /// Starts to copy this tensor to a device, while the device computes. ``awaitFetch()`` comes before the
  /// first use of the result. Throws `TorchError`.
  package func fetched(to device: Device) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_fetch(handle, device.cdevice))
  }

  /// Lets what the device computes next wait for the end of ``fetched(to:)``. Throws `TorchError`.
  package func awaitFetch() throws(TorchError) { try check(ct_await_fetch(handle)) }
}
