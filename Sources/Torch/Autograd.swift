import CTorch

extension Tensor {
  /// Whether operations on this tensor are recorded for the backward pass.
  public var requiresGrad: Bool { checkProperty(ct_requires_grad(handle)) == 1 }

  /// Makes this tensor a leaf whose gradient `backward` accumulates, or undoes that, in place.
  public func setRequiresGrad(_ enabled: Bool) throws(TorchError) {
    try check(ct_set_requires_grad(handle, enabled))
  }

  /// Moves this tensor's values into the memory of another of the same shape and type, and makes it a
  /// view of that. The gradient is kept.
  package func move(into memory: Tensor) throws(TorchError) {
    try memory.copy(from: self)
    try check(ct_set_data(handle, memory.handle))
  }

  /// The gradient that `backward` has accumulated, or nil.
  public var grad: Tensor? {
    get throws(TorchError) {
      var gradient: OpaquePointer?
      try check(ct_grad(handle, &gradient))
      guard let gradient else { return nil }
      return try Tensor(adopting: gradient)
    }
  }

  /// Replaces the accumulated gradient, or drops it.
  public func setGrad(_ gradient: Tensor?) throws(TorchError) {
    try check(ct_set_grad(handle, gradient?.handle))
  }

  /// Accumulates the gradient of this scalar in every leaf that it was computed from.
  public func backward() throws(TorchError) { try check(ct_backward(handle)) }

  /// The same elements, outside the recorded graph.
  public func detach() throws(TorchError) -> Tensor { try Tensor(adopting: ct_detach(handle)) }

  /// A copy, inside the recorded graph.
  public func clone() throws(TorchError) -> Tensor { try Tensor(adopting: ct_clone(handle)) }
}

/// Whether operations are recorded for a backward pass on this thread.
public var isGradEnabled: Bool { checkProperty(ct_grad_enabled()) == 1 }

/// Runs `body` without recording operations for a backward pass.
public func noGrad<Result>(_ body: () throws -> Result) rethrows -> Result {
  let wasEnabled = isGradEnabled
  checkProperty(ct_set_grad_enabled(false))
  defer { checkProperty(ct_set_grad_enabled(wasEnabled)) }
  return try body()
}
