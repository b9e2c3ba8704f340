public import Torch

/// A rotation of a layer's outputs in blocks: `W' = rescale * R W`, where R has orthogonal blocks on
/// its diagonal (Qiu et al. 2023, "Controlling Text-to-Image Diffusion by Orthogonal Finetuning";
/// `DiagOFTModule` of LyCORIS). It is read and drawn with, and not trained.
///
/// At a strength other than 1, the layer's weight is that far between W and W'.
public struct DiagonalOFT: AdapterKind {
  /// The kind in messages.
  public static let name = "diagonal OFT"
  /// True: the weight is rotated.
  public static let readsWeight = true

  /// `[blocks, size, size]`. Each R is the Cayley transform of `Q = block - block^T`.
  private let blocks: Tensor
  /// `[out, 1]` or `[out, 1, 1, 1]`, if the outputs are rescaled.
  private let rescale: Tensor?
  /// The largest norm of Q by output; 0 for no limit.
  private let constraint: Double
  /// R of each block, `[blocks, size, size]`, once the adapter is in a layer.
  private let rotations: Tensor?

  /// A factor on the change.
  public var strength: Double

  private init(
    blocks: Tensor, rescale: Tensor?, constraint: Double, rotations: Tensor?, strength: Double
  ) {
    self.blocks = blocks
    self.rescale = rescale
    self.constraint = constraint
    self.rotations = rotations
    self.strength = strength
  }

  /// None.
  public var rank: Int? { nil }
  /// The constraint, under the name that LyCORIS gives it.
  public var alpha: Double? { constraint }
  /// Nil: the blocks tell the outputs only.
  public var weightShape: [Int]? { nil }

  // MARK: In a layer

  /// The blocks, and the factors of the outputs.
  public var tensors: [(name: String, tensor: Tensor)] {
    [(Self.blocksName, blocks)] + (rescale.map { [(Self.rescaleName, $0)] } ?? [])
  }

  /// `rescale * R W - W`.
  public func delta(of weight: Tensor) throws -> Tensor {
    let own = try weight.to(.float32)
    let rotations = try rotations ?? Self.rotations(of: blocks, constraint: constraint)
    let (count, size) = (rotations.shape[0], rotations.shape[1])
    // LyCORIS sums over the first side of R.
    let rotated = try rotations.transpose(1, 2).matmul(own.reshape([count, size, -1]))
      .reshape(weight.shape)
    let sides = [weight.shape[0]] + weight.shape.dropFirst().map { _ in 1 }
    let rescaled = try rescale.map { try rotated * $0.reshape(sides) } ?? rotated
    return try (rescaled - own) * strength
  }

  /// `(I + Q) (I - Q)^-1` of each block. All blocks share the limit of the norm.
  private static func rotations(of blocks: Tensor, constraint: Double) throws -> Tensor {
    let (count, size) = (blocks.shape[0], blocks.shape[1])
    let wide = try blocks.to(.cpu).to(.float64)
    var skew = try wide - wide.transpose(1, 2)
    let limit = constraint * Double(count * size)
    let norm = try skew.square().sum().item().squareRoot() + 1e-8
    if limit > 0, norm > limit { skew = try skew * (limit / norm) }
    let unit = try Tensor(
      (0..<size * size).map { $0 % (size + 1) == 0 ? 1 : 0 } as [Double], shape: [1, size, size])
    let (u, s, vh) = try (unit - skew).svd()
    let inverse = try (vh.transpose(1, 2) / s.unsqueeze(1)).matmul(u.transpose(1, 2))
    return try (unit + skew).matmul(inverse).to(.float32).to(blocks.device)
  }

  // MARK: In files

  private static let blocksName = "oft_blocks"
  private static let rescaleName = "rescale"

  /// LyCORIS' names.
  public static let fileNames = [blocksName: blocksName, rescaleName: rescaleName]

  /// Reads the blocks. Throws `AdapterError.otherKind` for those of BOFT, which have one side more.
  public init(_ stored: StoredAdapter) throws {
    let blocks = try stored.require(Self.blocksName)[0]
    guard blocks.dimensions != 4 else { throw AdapterError.otherKind("BOFT") }
    guard blocks.dimensions == 3, blocks.shape[1] == blocks.shape[2] else {
      throw AdapterError.shapes([blocks.shape])
    }
    self.init(
      blocks: blocks, rescale: stored.tensors[Self.rescaleName], constraint: stored.alpha ?? 0,
      rotations: nil, strength: 1)
  }

  /// The same in float32 on a device, with the rotations.
  public func fitted(to shape: [Int], on device: Device) throws -> DiagonalOFT {
    let outputs = blocks.shape[0] * blocks.shape[1]
    guard outputs == shape[0], rescale?.count ?? outputs == outputs else {
      throw AdapterError.otherWeight([outputs] + shape.dropFirst())
    }
    let own = try blocks.to(.float32).to(device)
    return DiagonalOFT(
      blocks: own, rescale: try rescale?.to(.float32).to(device), constraint: constraint,
      rotations: try Self.rotations(of: own, constraint: constraint), strength: strength)
  }

  /// The adapter itself: alpha is not a factor.
  public func foldingAlpha() throws -> DiagonalOFT { self }

  /// The adapter itself. Throws `AdapterError.strength` at another one than 1, which no form has.
  public func stored() throws -> any AdapterKind {
    guard strength == 1 else { throw AdapterError.strength(strength, kind: Self.name) }
    return self
  }

  /// The same constraint with changed tensors.
  public func mapTensors(_ change: (Tensor) throws -> Tensor) throws -> DiagonalOFT {
    DiagonalOFT(
      blocks: try change(blocks), rescale: try rescale.map(change), constraint: constraint,
      rotations: nil, strength: strength)
  }
}
