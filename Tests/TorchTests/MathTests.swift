import Foundation
import Testing
import Torch

@Suite("Pointwise operations and reductions")
struct MathTests {
  static let values: [Double] = [-2, -0.5, 0, 0.3, 1, 7.5]

  static func sigmoid(_ x: Double) -> Double { 1 / (1 + Foundation.exp(-x)) }

  typealias Operation = (
    name: String, tensor: (Tensor) throws -> Tensor, number: (Double) -> Double
  )

  @Test("Operations of one tensor equal plain arithmetic")
  func unary() throws {
    let operations: [Operation] = [
      ("x + 2", { try $0 + 2 }, { $0 + 2 }),
      ("2 + x", { try 2 + $0 }, { 2 + $0 }),
      ("x - 2", { try $0 - 2 }, { $0 - 2 }),
      ("2 - x", { try 2 - $0 }, { 2 - $0 }),
      ("x * 3", { try $0 * 3 }, { $0 * 3 }),
      ("3 * x", { try 3 * $0 }, { 3 * $0 }),
      ("x / 4", { try $0 / 4 }, { $0 / 4 }),
      ("-x", { try -$0 }, { -$0 }),
      ("exp", { try $0.exp() }, { Foundation.exp($0) }),
      ("sqrt", { try $0.abs().sqrt() }, { abs($0).squareRoot() }),
      ("square", { try $0.square() }, { $0 * $0 }),
      ("abs", { try $0.abs() }, { abs($0) }),
      ("sin", { try $0.sin() }, { Foundation.sin($0) }),
      ("cos", { try $0.cos() }, { Foundation.cos($0) }),
      ("sigmoid", { try $0.sigmoid() }, { Self.sigmoid($0) }),
      ("silu", { try $0.silu() }, { $0 * Self.sigmoid($0) }),
      ("gelu", { try $0.gelu() }, { $0 * 0.5 * (1 + erf($0 / 2.0.squareRoot())) }),
      ("round", { try $0.round() }, { $0.rounded(.toNearestOrEven) }),
      ("clamp", { try $0.clamp(min: -1, max: 0.9) }, { min(max($0, -1), 0.9) }),
      ("clamp below", { try $0.clamp(min: 0) }, { max($0, 0) }),
    ]
    let input = try Tensor(Self.values, shape: [2, 3])
    for (name, tensor, number) in operations {
      let output = try tensor(input)
      #expect(output.shape == [2, 3], "\(name)")
      #expect(
        isClose(try output.doubles(), Self.values.map(number), tolerance: 1e-14), "\(name)")
    }
  }

  @Test("Operations of two tensors equal plain arithmetic and broadcast")
  func binary() throws {
    let a = try Tensor(Self.values, shape: [2, 3])
    let b = try Tensor([4.0, -5], shape: [2, 1])
    func expected(_ operation: (Double, Double) -> Double) -> [Double] {
      Self.values.enumerated().map { operation($1, $0 < 3 ? 4 : -5) }
    }
    #expect(try (a + b).doubles() == expected(+))
    #expect(try (a - b).doubles() == expected(-))
    #expect(try (a * b).doubles() == expected(*))
    #expect(try (a / b).doubles() == expected(/))
  }

  @Test("Sums, means and the largest element")
  func reductions() throws {
    let x = try counting(2, 3)
    #expect(try x.sum().item() == 15)
    #expect(try x.mean().item() == 2.5)
    #expect(try x.max().item() == 5)
    #expect(try x.sum(dims: [0]).floats() == [3, 5, 7])
    #expect(try x.mean(dims: [-1]).floats() == [1, 4])
    #expect(try x.sum(dims: [0, 1], keepDim: true).shape == [1, 1])
    #expect(try x.mean(dims: [1], keepDim: true).shape == [2, 1])
    #expect(try x.sum().shape == [])
  }

  @Test("isFinite sees one infinity and one NaN among many")
  func finite() throws {
    #expect(try normal(100, seed: 1).isFinite())
    #expect(try !vector(0, .infinity).isFinite())
    #expect(try !vector(.nan, 0).isFinite())
    #expect(try Tensor.zeros([2], dtype: .int64).isFinite())
  }

  @Test("The norm is that of all tensors together, and scaling is in place")
  func normAndScale() throws {
    let tensors = [try vector(3, 0), try Tensor([Float(-4)], shape: [1, 1])]
    #expect(try Tensor.norm(of: tensors).item() == 5)
    #expect(try Tensor.norm(of: []).item() == 0)
    #expect(try Tensor.norm(of: [vector(.nan)]).item().isNaN)
    try Tensor.scale(tensors, by: 0.5)
    #expect(try tensors[0].floats() == [1.5, 0])
    #expect(try tensors[1].floats() == [-2])
  }

  @Test("matmul is the product of matrices, batched")
  func matmul() throws {
    let product = try counting(2, 3).matmul(counting(3, 2))
    #expect(try product.floats() == [10, 13, 28, 40])
    #expect(try normal(4, 2, 3, seed: 1).matmul(normal(3, 5, seed: 2)).shape == [4, 2, 5])
  }

  @Test("The same computation gives the same bits")
  func deterministic() throws {
    func run() throws -> [UInt8] {
      let x = try normal(8, 64, 16, 16, seed: 3)
      let weight = try normal(64, 64, 3, 3, seed: 4)
      try weight.setRequiresGrad(true)
      let y = try x.conv2d(weight, padding: 1).silu().groupNorm(8, nil, nil, eps: 1e-5)
      try y.square().mean().backward()
      return try y.bytes() + (weight.grad?.bytes() ?? [])
    }
    let first = try run()
    #expect(first.count == (8 * 64 * 256 + 64 * 64 * 9) * 4)
    #expect(try run() == first)
  }
}
