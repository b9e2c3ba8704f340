import Files
import Foundation
import NN
import TestSupport
import Torch

/// A folder for the files of one test, with functions to fill it.
final class Workshop {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  func url(_ name: String) -> URL { directory.url.appending(path: name) }

  /// A file with these bytes.
  func file(_ bytes: Data, _ name: String = "bad.safetensors") throws -> URL {
    try bytes.write(to: url(name))
    return url(name)
  }

  /// A file with this header before `size` bytes of data.
  func file(header: String, size: Int) throws -> URL {
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    return try file(length + Data(header.utf8) + Data(count: size))
  }

  /// A file with these tensors.
  func safetensors(
    _ tensors: [(name: String, tensor: Tensor)], _ name: String = "model.safetensors"
  ) throws -> URL {
    try SafetensorsWriter.write(tensors, to: url(name))
    return url(name)
  }

  /// Loads normal values into every parameter of a module, through a file.
  func fill(_ module: any Module, seed: UInt64 = 0, dtype: DType? = nil) throws {
    let generator = try Generator(seed: seed)
    let tensors = try module.parameters().map { path, parameter in
      (name: path, tensor: try generator.normal(parameter.shape))
    }
    try module.load(from: WeightSource(file: safetensors(tensors)), dtype: dtype)
  }
}

/// The message of the error that `body` throws; nil for no error or one of another kind.
func weightsError(_ body: () throws -> Void) -> String? {
  do {
    try body()
  } catch {
    switch error {
    case is WeightsError, is FileAccessError: return "\(error)"
    default: return nil
    }
  }
  return nil
}

/// A float32 tensor of one dimension.
func vector(_ values: Float...) throws -> Tensor { try Tensor(values, shape: [values.count]) }

/// Standard normal values from a seed.
func normal(_ shape: Int..., seed: UInt64) throws -> Tensor {
  try Generator(seed: seed).normal(shape)
}

/// One head's projections, for tests of adapters: two targets and a name that ends like one.
final class Projections: Module {
  let toQ: Linear
  let toOut: [Linear]
  let intoQ: Linear

  init(_ size: Int) {
    toQ = Linear(size, size, bias: false)
    toOut = [Linear(size, size)]
    intoQ = Linear(size, size)
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor { try toOut[0](toQ(x).silu() + intoQ(x)) }
}

/// A module with two ``Projections``.
final class Pair: Module {
  let blocks: [Projections]

  init(_ size: Int = 6) { blocks = [Projections(size), Projections(size)] }

  func callAsFunction(_ x: Tensor) throws -> Tensor { try blocks[1](blocks[0](x)) }
}
