import Foundation
import Testing
import Torch

@Suite("Neural operations equal plain loops")
struct NeuralTests {
  @Test("linear multiplies rows with the transposed weight")
  func linear() throws {
    let x = try counting(2, 1, 3)
    let weight = try counting(2, 3)
    #expect(try x.linear(weight).floats() == [5, 14, 14, 50])
    #expect(try x.linear(weight, vector(1, -1)).shape == [2, 1, 2])
    #expect(try x.linear(weight, vector(1, -1)).floats() == [6, 13, 15, 49])
  }

  @Test("addingLinear adds a scaled product to its base, and leaves the base alone")
  func addingLinear() throws {
    let base = try normal(2, 3, 5, seed: 1)
    let before = try base.floats()
    let x = try normal(2, 3, 4, seed: 2)
    let weight = try normal(5, 4, seed: 3)
    let fused = try base.addingLinear(x, weight, scale: 0.3)
    #expect(fused.shape == [2, 3, 5])
    let expected = try (base + x.linear(weight) * 0.3).doubles()
    #expect(isClose(try fused.doubles(), expected))
    #expect(try base.floats() == before)
  }

  @Test("conv2d with stride, padding and bias", arguments: [(1, 0), (1, 1), (2, 1)])
  func conv2d(stride: Int, padding: Int) throws {
    let x = try normal(1, 2, 5, 4, seed: 1)
    let weight = try normal(3, 2, 3, 3, seed: 2)
    let bias = try normal(3, seed: 3)
    let (values, weights, offsets) = (try x.doubles(), try weight.doubles(), try bias.doubles())
    let height = (5 + 2 * padding - 3) / stride + 1
    let width = (4 + 2 * padding - 3) / stride + 1
    var expected: [Double] = []
    for out in 0..<3 {
      for row in 0..<height {
        for column in 0..<width {
          var sum = offsets[out]
          for channel in 0..<2 {
            for i in 0..<3 {
              for j in 0..<3 {
                let y = row * stride + i - padding
                let x = column * stride + j - padding
                guard (0..<5).contains(y), (0..<4).contains(x) else { continue }
                sum +=
                  values[(channel * 5 + y) * 4 + x] * weights[((out * 2 + channel) * 3 + i) * 3 + j]
              }
            }
          }
          expected.append(sum)
        }
      }
    }
    let output = try x.conv2d(weight, bias, stride: stride, padding: padding)
    #expect(output.shape == [1, 3, height, width])
    #expect(isClose(try output.doubles(), expected, tolerance: 1e-5))
  }

  /// The values minus their mean, divided by their deviation.
  private func normalized(_ values: ArraySlice<Double>) -> [Double] {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)
    return values.map { ($0 - mean) / (variance + 1e-5).squareRoot() }
  }

  @Test("groupNorm and layerNorm")
  func normalization() throws {
    let x = try normal(2, 4, 3, seed: 1)
    let values = try x.doubles()
    let groups = stride(from: 0, to: 24, by: 6).flatMap { normalized(values[$0..<$0 + 6]) }
    #expect(isClose(try x.groupNorm(2, nil, nil, eps: 1e-5).doubles(), groups, tolerance: 1e-5))
    let rows = stride(from: 0, to: 24, by: 3).flatMap { normalized(values[$0..<$0 + 3]) }
    let weight = try vector(1, 2, 3)
    let bias = try vector(-1, 0, 1)
    let expected = rows.enumerated().map { $1 * Double($0 % 3 + 1) + Double($0 % 3 - 1) }
    #expect(
      isClose(try x.layerNorm([3], weight, bias, eps: 1e-5).doubles(), expected, tolerance: 1e-5))
  }

  @Test("embedding looks up rows")
  func embedding() throws {
    let ids = try Tensor([Int64(1), 1, 0], shape: [3, 1])
    let found = try ids.embedding(counting(2, 2))
    #expect(found.shape == [3, 1, 2])
    #expect(try found.floats() == [2, 3, 2, 3, 0, 1])
    #expect(torchError { _ = try (ids + 7).embedding(counting(2, 2)) } != nil)
  }

  @Test("Attention: plain, with a mask, and causal", arguments: ["plain", "mask", "causal"])
  func attention(kind: String) throws {
    let (length, size) = (3, 4)
    let parts = try (1...3).map { try normal(1, 1, length, size, seed: UInt64($0)) }
    let (q, k, v) = (try parts[0].doubles(), try parts[1].doubles(), try parts[2].doubles())
    let mask = try normal(length, length, seed: 4)
    let added = try mask.doubles()
    var expected: [Double] = []
    for i in 0..<length {
      let reach = kind == "causal" ? i + 1 : length
      let weights = (0..<reach).map { j in
        let score = (0..<size).map { q[i * size + $0] * k[j * size + $0] }.reduce(0, +) / 2
        return exp(score + (kind == "mask" ? added[i * length + j] : 0))
      }
      for d in 0..<size {
        let sum = (0..<reach).map { weights[$0] * v[$0 * size + d] }.reduce(0, +)
        expected.append(sum / weights.reduce(0, +))
      }
    }
    let output = try Tensor.scaledDotProductAttention(
      query: parts[0], key: parts[1], value: parts[2], mask: kind == "mask" ? mask : nil,
      isCausal: kind == "causal")
    #expect(output.shape == [1, 1, length, size])
    #expect(isClose(try output.doubles(), expected))
  }

  @Test("upsampleNearest2d repeats pixels")
  func nearest() throws {
    let enlarged = try counting(1, 1, 1, 2).upsampleNearest2d(height: 2, width: 4)
    #expect(try enlarged.floats() == [0, 0, 1, 1, 0, 0, 1, 1])
  }

  @Test("bicubicResized is the antialiased filter along both axes", arguments: [(7, 3), (4, 10)])
  func bicubic(from: Int, to: Int) throws {
    /// Keys' cubic convolution kernel with a = -1/2, as antialiased resampling uses it.
    func kernel(_ x: Double) -> Double {
      let x = abs(x)
      if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
    }
    func resample(_ values: [Double]) -> [Double] {
      let scale = Double(values.count) / Double(to)
      let width = max(scale, 1)
      return (0..<to).map { index in
        let center = (Double(index) + 0.5) * scale
        let weights = values.indices.map { kernel((Double($0) + 0.5 - center) / width) }
        return zip(weights, values).map(*).reduce(0, +) / weights.reduce(0, +)
      }
    }
    let row = try normal(from, seed: 1)
    let expected = resample(try row.doubles())
    let wide = try row.reshape([1, 1, 1, from]).expand([1, 1, 2, from])
      .bicubicResized(height: 2, width: to)
    #expect(isClose(try wide.doubles(), expected + expected, tolerance: 1e-5))
    let high = try row.reshape([1, 1, from, 1]).expand([1, 1, from, 2])
      .bicubicResized(height: to, width: 2)
    #expect(isClose(try high.select(dim: 3, index: 1).doubles(), expected, tolerance: 1e-5))
  }
}

@Suite("Tuning of convolutions")
struct ConvolutionTuningTests {
  @Test("can be switched on and off, and changes no result of a CPU")
  func tuning() throws {
    let (x, weight) = (try normal(1, 3, 8, 8, seed: 1), try normal(4, 3, 3, 3, seed: 2))
    let plain = try x.conv2d(weight, nil, stride: 1, padding: 1)
    Backend.tunesConvolutions = true
    defer { Backend.tunesConvolutions = false }
    #expect(Backend.tunesConvolutions)
    #expect(try x.conv2d(weight, nil, stride: 1, padding: 1).bytes() == plain.bytes())
  }
}
