/// What the adapter of a layer takes in a training, in numbers, estimated from shapes.
public struct AdapterMemory: Sendable, Equatable {
  /// The trained numbers.
  public let trained: Int
  /// Whether the attention layers of a UNet compute it together with the layer, as ``AdapterFusion`` does.
  /// Then it keeps nothing there.
  public let isFused: Bool
  /// Whether a pass keeps the layer's input, which layers may share.
  public let keepsInput: Bool
  /// The numbers in the model's type that a pass keeps for its backward pass, for each pixel or token,
  /// besides the layer's input.
  public let keptForEachRow: Int
  /// The numbers in the model's type that a pass keeps however many rows there are.
  public let kept: Int
  /// The most float32 numbers that the layer's forward or backward pass takes besides.
  public let work: Int

  /// What a kind estimates.
  public init(
    trained: Int, isFused: Bool = false, keepsInput: Bool = true, keptForEachRow: Int,
    kept: Int = 0, work: Int = 0
  ) {
    self.trained = trained
    self.isFused = isFused
    self.keepsInput = keepsInput
    self.keptForEachRow = keptForEachRow
    self.kept = kept
    self.work = work
  }

  /// The same with a dropout, with which an adapter is not fused. It keeps the mask of the values that are
  /// left out; of an input also the rest, in place of the input itself.
  ///
  /// - Parameters:
  ///   - place: Where values are left out; nil for nowhere.
  ///   - shape: That of the layer's weight.
  public func dropping(_ place: DropoutPlace?, of shape: [Int], rank: Int) -> AdapterMemory {
    let more =
      switch place {
      case nil: 0
      case .ranks: rank
      case .input: 2 * shape[1]
      case .output: shape[0]
      }
    return AdapterMemory(
      trained: trained, keepsInput: place != .input, keptForEachRow: keptForEachRow + more,
      kept: kept, work: work)
  }
}

/// The values of which a dropout leaves out some.
public enum DropoutPlace: Sendable {
  /// Those between the matrices of a LoRA.
  case ranks
  /// The layer's input.
  case input
  /// The change of the layer's output.
  case output
}
