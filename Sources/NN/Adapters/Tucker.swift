public import Torch

/// A LoRA on a convolution whose kernel is in a core between the matrices: `up(core(down(x)))`
/// (LoCon with `use_tucker`, or CP decomposition, of LyCORIS). It is read and drawn with, and not
/// trained.
public struct TuckerLoRA: AdapterKind {
  /// The kind in messages.
  public static let name = "LoCon with a Tucker core"

  /// The matrices: down `[rank, in]`, up `[out, rank]`.
  private let matrices: LoRA
  /// `[rank, rank, k, k]`.
  private let core: Tensor

  /// A factor on the update.
  public var strength: Double

  private init(_ matrices: LoRA, core: Tensor, strength: Double) {
    self.matrices = matrices
    self.core = core
    self.strength = strength
  }

  /// The rank of the matrices.
  public var rank: Int? { matrices.rank }
  /// The alpha, strength included.
  public var alpha: Double? { matrices.alpha.map { $0 * strength } }
  /// `[out, in, k, k]`.
  public var weightShape: [Int]? {
    [matrices.up.shape[0], matrices.down.shape[1]] + core.shape.dropFirst(2)
  }

  // MARK: In a layer

  /// The matrices and the core.
  public var tensors: [(name: String, tensor: Tensor)] {
    matrices.tensors + [(Self.coreName, core)]
  }

  /// `scale * up core down`.
  public func delta(of weight: Tensor) throws -> Tensor {
    let rank = matrices.down.shape[0]
    let up = try matrices.up.reshape([-1, rank]).transpose(0, 1)
    let down = try matrices.down.reshape([rank, -1])
    return try core.tucker(up, down).reshape(weight.shape) * (matrices.scale * strength)
  }

  // MARK: In files

  private static let coreName = "lora_mid.weight"

  /// LoRA's names and the core's.
  public static let fileNames = LoRA.fileNames.merging([coreName: coreName]) { $1 }
  /// kohya's names.
  public static let kohyaNames = LoRA.kohyaNames

  /// Reads matrices and core. Throws `AdapterError.incomplete`, `.shapes`.
  public init(_ stored: StoredAdapter) throws {
    let core = try stored.require(Self.coreName)[0]
    let matrices = try LoRA(stored)
    let rank = matrices.down.shape[0]
    guard core.dimensions == 4, core.shape[0] == rank, core.shape[1] == rank,
      matrices.down.shape.dropFirst(2).allSatisfy({ $0 == 1 })
    else { throw AdapterError.shapes([matrices.down.shape, core.shape, matrices.up.shape]) }
    self.init(matrices, core: core, strength: 1)
  }

  /// The same in float32 on a device.
  public func fitted(to shape: [Int], on device: Device) throws -> TuckerLoRA {
    try checkShape(shape)
    return try mapTensors { try $0.to(.float32).to(device) }
  }

  /// The same with the factor multiplied into the up matrix.
  public func foldingAlpha() throws -> TuckerLoRA {
    let scaled = LoRA(down: matrices.down, up: matrices.up, scale: matrices.scale * strength)
    return TuckerLoRA(try scaled.foldingAlpha(), core: core, strength: 1)
  }

  /// The same factor with changed tensors.
  public func mapTensors(_ change: (Tensor) throws -> Tensor) throws -> TuckerLoRA {
    TuckerLoRA(try matrices.mapTensors(change), core: try change(core), strength: strength)
  }
}

extension Tensor {
  /// `[out, in, k, k]` from a core `[i, j, k, k]`: `einsum("i j k l, i p, j r -> p r k l")` of the core
  /// with `outputs`, `[i, out]`, and `inputs`, `[j, in]`. Throws `TorchError`.
  func tucker(_ outputs: Tensor, _ inputs: Tensor) throws(TorchError) -> Tensor {
    let (i, j, kernel) = (shape[0], shape[1], Array(shape.dropFirst(2)))
    let (out, count) = (outputs.shape[1], inputs.shape[1])
    let rows = try outputs.transpose(0, 1).matmul(reshape([i, -1])).reshape([out, j, -1])
    return try rows.transpose(1, 2).matmul(inputs).transpose(1, 2).reshape([out, count] + kernel)
  }
}
