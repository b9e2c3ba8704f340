/// What the adapter of a layer takes in a training, in numbers, estimated from shapes.
public struct AdapterMemory: Sendable, Equatable {
  /// The trained numbers.
  public let trained: Int
  /// Whether the attention layers of a UNet compute it together with the layer, as ``AdapterFusion`` does.
  /// Then it keeps nothing there.
  public let isFused: Bool
  /// The numbers in the model's type that a pass keeps for its backward pass, for each pixel or token,
  /// besides the layer's input.
  public let keptForEachRow: Int
  /// The numbers in the model's type that a pass keeps however many rows there are.
  public let kept: Int
  /// The most float32 numbers that the layer's forward or backward pass takes besides.
  public let work: Int

  /// What a kind estimates.
  public init(
    trained: Int, isFused: Bool = false, keptForEachRow: Int, kept: Int = 0, work: Int = 0
  ) {
    self.trained = trained
    self.isFused = isFused
    self.keptForEachRow = keptForEachRow
    self.kept = kept
    self.work = work
  }

  /// The same with a dropout, with which an adapter is not fused.
  ///
  /// - Parameter values: The numbers for each pixel or token of which some are left out. Their mask and what
  ///   is left of them are kept.
  public func dropping(values: Int) -> AdapterMemory {
    AdapterMemory(
      trained: trained, keptForEachRow: keptForEachRow + 2 * values, kept: kept, work: work)
  }
}
