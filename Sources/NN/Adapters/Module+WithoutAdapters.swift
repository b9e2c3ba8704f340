extension Module {
  /// Runs `body` with no adapter in the layers below this module, and puts the adapters back. Fused layers
  /// compute one by one meanwhile, with the frozen weights alone.
  ///
  /// A graph that `body` records must not be recomputed later, since the adapters are then back. Throws what
  /// `body` throws.
  package func withoutAdapters<Result>(_ body: () throws -> Result) rethrows -> Result {
    let removed = slots().compactMap { _, slot in slot.adapter.map { (slot, $0) } }
    for (slot, _) in removed { slot.adapter = nil }
    defer { for (slot, adapter) in removed { slot.adapter = adapter } }
    return try body()
  }
}
