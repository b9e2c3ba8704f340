import Torch

extension UNetConfiguration {
  /// One level of the down path, from its weights.
  private struct Level {
    var channels = 0
    var layers = 0
    /// Blocks in each transformer; 0 without attention.
    var depth = 0
  }

  /// A UNet of SDXL with these weights, under their original names.
  ///
  /// - Parameters:
  ///   - pooled: width of the pooled text vector.
  ///   - addedSizes: the count of numbers embedded beside it: six for a base model, five for a
  ///     refiner.
  init(_ sizes: SizesOfWeights, pooled: Int, addedSizes: Int) throws {
    self.init()
    let levels = try Self.levels(sizes)
    func attention(_ place: String) -> String { "\(place).1.transformer_blocks" }
    blockOutChannels = levels.map(\.channels)
    layersPerBlock = levels.map(\.layers)
    let depth = sizes.count { "\(attention("middle_block")).\($0).attn1.to_q.weight" }
    midBlockType = depth > 0 ? .crossAttention : .plain
    transformerLayersPerBlock = levels.map { max($0.depth, 1) }
    // The middle block has the depth of the innermost level.
    if depth > 0, let last = levels.indices.last { transformerLayersPerBlock[last] = depth }
    downBlockTypes = levels.map { $0.depth > 0 ? .crossAttention : .plain }
    upBlockTypes = levels.reversed().map { $0.depth > 0 ? .crossAttention : .plain }
    attentionHeadDim = try blockOutChannels.map { try sizes.heads($0) }
    for channels in blockOutChannels { try sizes.check(channels, divides: normNumGroups) }
    let text = try sizes.side(1, of: "\(attention("middle_block")).0.attn2.to_k.weight")
    crossAttentionDim = levels.map { _ in text }
    useLinearProjection = !sizes.isConvolution("middle_block.1.proj_in.weight")
    inChannels = try sizes.side(1, of: "input_blocks.0.0.weight")
    outChannels = try sizes.side(0, of: "out.2.weight")
    sampleSize = 128
    additionEmbedType = .textTime
    let added = try sizes.side(1, of: "label_emb.0.0.weight")
    projectionClassEmbeddingsInputDim = added
    additionTimeEmbedDim = max(added - pooled, addedSizes) / addedSizes
  }

  private static func levels(_ sizes: SizesOfWeights) throws -> [Level] {
    var levels = [Level()]
    var block = 1
    while true {
      let place = "input_blocks.\(block)"
      block += 1
      if sizes.has("\(place).0.op.weight") {
        levels.append(Level())
      } else if sizes.has("\(place).0.in_layers.2.weight") {
        let last = levels.count - 1
        levels[last].channels = try sizes.side(0, of: "\(place).0.in_layers.2.weight")
        levels[last].layers += 1
        levels[last].depth = sizes.count {
          "\(place).1.transformer_blocks.\($0).attn1.to_q.weight"
        }
      } else {
        return levels
      }
    }
  }
}
