import NN

/// What the adapters of a UNet's layers keep for the backward pass.
struct AdapterCount {
  /// The adapters of some layers.
  struct Layers {
    /// Whether one of the layers has an adapter.
    let isAdapted: Bool
    /// What the adapters keep, with inputs that frozen layers would not keep, in bytes.
    let bytes: Int
    /// The most bytes that one of them takes besides.
    let work: Int

    static func + (one: Layers, other: Layers) -> Layers {
      Layers(
        isAdapted: one.isAdapted || other.isAdapted, bytes: one.bytes + other.bytes,
        work: max(one.work, other.work))
    }
  }

  /// Whether the keys and values of all prompts are computed together, before the blocks.
  let joinsPrompts: Bool

  private let adapters: [String: AdapterMemory]
  private let itemSize: Int
  /// Whether the prompts have gradients.
  private let trainsText: Bool

  init(_ adapters: [String: AdapterMemory], itemSize: Int, trainsText: Bool) {
    self.adapters = adapters
    self.itemSize = itemSize
    self.trainsText = trainsText
    joinsPrompts = adapters.contains { path, adapter in
      adapter.isFused && Self.promptLayers.contains { path.hasSuffix($0) }
    }
  }

  private static let promptLayers = ["attn2.to_k", "attn2.to_v"]

  /// The adapters of layers with the same input.
  ///
  /// - Parameters:
  ///   - input: The numbers of a row of the input; 0 if it is kept in any case.
  ///   - areFused: Whether the layers are fused if they can be. Then they keep nothing.
  ///   - hasGradient: Whether the input has a gradient, for which the matrices are kept.
  func layers(
    _ paths: [String], input: Int = 0, rows: Int, areFused: Bool = false, hasGradient: Bool = true
  ) -> Layers {
    let all = paths.compactMap { adapters[$0] }
    let alone = all.filter { !(areFused && $0.isFused) }
    guard !alone.isEmpty else { return Layers(isAdapted: !all.isEmpty, bytes: 0, work: 0) }
    let shared = alone.contains(where: \.keepsInput) ? input * rows : 0
    let numbers = alone.reduce(shared) {
      $0 + $1.keptForEachRow * rows + (hasGradient ? $1.kept : 0)
    }
    return Layers(
      isAdapted: true, bytes: numbers * itemSize,
      work: 4 * (alone.map(\.work).max() ?? 0))
  }

  /// The adapters of both attentions of a block.
  func attention(_ path: String, width: Int, rows: Int, tokens: Int) -> Layers {
    func layers(
      _ names: [String], input: Int = 0, rows: Int, hasGradient: Bool = true
    ) -> Layers {
      self.layers(
        names.map { "\(path).\($0)" }, input: input, rows: rows, areFused: true,
        hasGradient: hasGradient)
    }
    return layers(["attn1.to_q", "attn1.to_k", "attn1.to_v"], input: width, rows: rows)
      + layers(["attn2.to_q"], input: width, rows: rows)
      + layers(["attn1.to_out.0", "attn2.to_out.0"], rows: rows)
      + layers(Self.promptLayers, rows: tokens, hasGradient: trainsText)
  }
}
