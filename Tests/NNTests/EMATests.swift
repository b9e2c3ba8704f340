import Foundation
import NN
import TestSupport
import Testing
import Torch

/// The moving average of trained tensors, beside diffusers' `EMAModel`.
@Suite("Moving averages")
struct EMATests {
  /// A recorded walk of parameters.
  private final class Walk {
    static let names = ["kernel", "matrix", "vector"]

    let golden: Golden
    let parameters: [Tensor]
    let ema: EMA

    /// - Parameter together: whether the parameters follow each other in memory.
    init(_ name: String, together: Bool) throws {
      struct Recorded: Decodable {
        let decay: Double
        let useEmaWarmup: Bool?
        let invGamma, power: Double?
      }
      golden = try Golden("optimizer/\(name)")
      let recorded = try golden.config(as: Recorded.self)
      var settings = EMA.Settings(decay: recorded.decay)
      settings.warmsUp = recorded.useEmaWarmup ?? false
      if let invGamma = recorded.invGamma { settings.invGamma = invGamma }
      if let power = recorded.power { settings.power = power }
      let start = try Self.names.map { [golden] name in
        try golden.tensor("in.\(name)").select(dim: 0, index: 0).clone()
      }
      parameters = try together ? Self.neighbours(start) : start
      for parameter in parameters { try parameter.setRequiresGrad(true) }
      ema = try EMA(of: parameters, settings: settings)
    }

    /// Takes the steps, and returns the averages after each.
    func run(_ steps: Range<Int>) throws -> [[Tensor]] {
      try steps.map { step in
        try noGrad {
          for (name, parameter) in zip(Self.names, parameters) {
            try parameter.copy(from: golden.tensor("in.\(name)").select(dim: 0, index: step + 1))
          }
        }
        try ema.update()
        return try ema.averages.map { try $0.clone() }
      }
    }

    private static func neighbours(_ tensors: [Tensor]) throws -> [Tensor] {
      let all = try Tensor.cat(tensors.map { try $0.reshape([$0.count]) }, dim: 0)
      var start = 0
      return try tensors.map { tensor in
        defer { start += tensor.count }
        return try all.narrow(dim: 0, start: start, length: tensor.count).reshape(tensor.shape)
          .detach()
      }
    }
  }

  @Test(
    "Ten updates equal the reference's", arguments: ["ema", "ema-low", "ema-warmup"], [false, true])
  func updates(name: String, together: Bool) throws {
    let walk = try Walk(name, together: together)
    let averages = try walk.run(0..<10)
    for (index, name) in Walk.names.enumerated() {
      let expected = try walk.golden.tensor("out.\(name)")
      #expect(expected.shape[0] == 10)
      for (step, averages) in averages.enumerated() {
        let difference = try relativeDifference(
          averages[index], expected.select(dim: 0, index: step))
        #expect(difference < 1e-6, "\(name) after \(step + 1)")
      }
    }
  }

  @Test("An average that is restored halfway continues with the same bytes")
  func restoring() throws {
    let whole = try Walk("ema-warmup", together: true)
    let expected = try whole.run(0..<10).last?.map { try $0.bytes() }
    let first = try Walk("ema-warmup", together: true)
    _ = try first.run(0..<4)
    let second = try Walk("ema-warmup", together: true)
    for (own, stored) in zip(second.ema.averages, first.ema.averages) {
      try own.copy(from: stored)
    }
    second.ema.resume(afterUpdates: first.ema.updates)
    #expect(try second.run(4..<10).last?.map { try $0.bytes() } == expected)
    #expect(second.ema.updates == 10)
  }

  @Test("Averages begin with the tensors, and follow them at once without a decay")
  func start() throws {
    let walk = try Walk("ema", together: true)
    #expect(try walk.ema.averages.map { try $0.bytes() } == walk.parameters.map { try $0.bytes() })
    _ = try walk.run(0..<1)
    // The first update keeps nothing of the tensors as they were.
    #expect(try walk.ema.averages.map { try $0.bytes() } == walk.parameters.map { try $0.bytes() })
    let zero = try EMA(of: walk.parameters, settings: EMA.Settings(decay: 0))
    for _ in 0..<3 { try zero.update() }
    #expect(try zero.averages.map { try $0.bytes() } == walk.parameters.map { try $0.bytes() })
  }
}
