import Foundation
import NN
import TestSupport
import Testing
import Torch

@Suite("AdamW")
struct AdamWTests {
  private struct Settings: Decodable {
    let betas: [Double]
    let eps: Double
    let weightDecay: Double
    let lr: Double
  }

  /// A recorded run of torch.optim.AdamW, and this package's optimizer to repeat it.
  private final class Course {
    static let names = ["kernel", "matrix", "vector"]

    let golden: Golden
    let settings: Settings
    let parameters: [(name: String, tensor: Tensor)]
    let optimizer: any Optimizer

    init(_ name: String) throws {
      golden = try Golden("optimizer/\(name)")
      settings = try golden.config(as: Settings.self)
      parameters = try Self.names.map { [golden] in ($0, try golden.tensor("in.\($0)")) }
      for (_, tensor) in parameters { try tensor.setRequiresGrad(true) }
      optimizer = try OptimizerKind.adamW.optimizer(
        of: [ParameterGroup("unet", parameters, learningRate: settings.lr)],
        settings: OptimizerSettings(
          beta1: settings.betas[0], beta2: settings.betas[1], epsilon: settings.eps,
          weightDecay: settings.weightDecay))
    }

    func run(_ steps: Range<Int>) throws {
      for step in steps {
        for (name, tensor) in parameters {
          try tensor.setGrad(golden.tensor("in.\(name).gradients").select(dim: 0, index: step))
        }
        try optimizer.step(rates: [settings.lr * Double(step + 1) / 10], foundInf: nil)
      }
    }

    func bytes() throws -> [[UInt8]] {
      try (parameters + optimizer.state()).map { try $0.tensor.bytes() }
    }
  }

  @Test("Ten steps equal torch.optim.AdamW's", arguments: ["adamw", "adamw-settings"])
  func steps(name: String) throws {
    let course = try Course(name)
    for step in 0..<10 {
      try course.run(step..<step + 1)
      for (name, tensor) in course.parameters {
        let expected = try course.golden.tensor("out.\(name)").select(dim: 0, index: step)
        #expect(try relativeDifference(tensor, expected) <= 1e-7, "\(name), step \(step)")
      }
    }
    for (name, tensor) in try course.optimizer.state() {
      #expect(
        try relativeDifference(tensor, course.golden.tensor("out.\(name)")) <= 1e-7, "\(name)")
    }
  }

  @Test("Restored state gives the same bits in later steps")
  func restore() throws {
    let straight = try Course("adamw")
    try straight.run(0..<10)

    let interrupted = try Course("adamw")
    try interrupted.run(0..<5)
    let workshop = try Workshop()
    let file = try SafetensorsFile(
      contentsOf: workshop.safetensors(interrupted.optimizer.state() + interrupted.parameters))
    let resumed = try Course("adamw")
    for (name, tensor) in resumed.parameters {
      try noGrad { try tensor.copy(from: file.tensor(name)) }
    }
    try resumed.optimizer.restore { try file.tensor($0) }
    #expect(try resumed.bytes() == interrupted.bytes())
    try resumed.run(5..<10)
    #expect(try resumed.bytes() == straight.bytes())
  }

  @Test("The state has a name for every tensor, and a missing one is an error")
  func names() throws {
    let course = try Course("adamw")
    #expect(
      try course.optimizer.state().map(\.name)
        == Course.names.flatMap {
          ["\($0).exp_avg", "\($0).exp_avg_sq", "\($0).step"]
        })
    let workshop = try Workshop()
    let file = try SafetensorsFile(contentsOf: workshop.safetensors(course.parameters))
    #expect(
      weightsError { try course.optimizer.restore { try file.tensor($0) } }?
        .contains("no tensor named kernel.exp_avg;") == true)
  }

  @Test("A step drops the gradients and does not change tensors without one")
  func untouched() throws {
    let (with, without) = (try vector(1, 2), try vector(3, 4))
    let optimizer = try AdamW(
      [ParameterGroup("unet", [("with", with), ("without", without)], learningRate: 0.1)],
      settings: OptimizerSettings())
    try with.setGrad(vector(1, 1))
    try optimizer.step(rates: [0.1])
    #expect(try with.grad == nil)
    #expect(try with.floats() != [1, 2])
    #expect(try without.floats() == [3, 4])
    #expect(
      try optimizer.state().filter { $0.name.hasSuffix(".step") }.map { try $0.tensor.item() } == [
        1, 0,
      ])
  }

  @Test("Each group steps at its own rate, like a separate optimizer")
  func groups() throws {
    func parameter() throws -> Tensor {
      let tensor = try vector(1, 2)
      try tensor.setGrad(vector(3, -1))
      return tensor
    }
    let both = [try parameter(), try parameter()]
    let groups = ["unet", "text_encoder"].enumerated().map { index, name in
      ParameterGroup(name, [("\(name).weight", both[index])], learningRate: 1)
    }
    let optimizer = try OptimizerKind.standard.optimizer(
      of: groups, settings: OptimizerSettings())
    try optimizer.step(rates: [0.1, 0.02], foundInf: nil)
    for (tensor, rate) in zip(both, [0.1, 0.02]) {
      let alone = try parameter()
      try AdamW(
        [ParameterGroup("alone", [("weight", alone)], learningRate: 1)],
        settings: OptimizerSettings()
      ).step(rates: [rate])
      #expect(try tensor.bytes() == alone.bytes())
    }
    #expect(try both[0].bytes() != both[1].bytes())
    #expect(optimizer.parameters.map(ObjectIdentifier.init) == both.map(ObjectIdentifier.init))
    #expect(
      try optimizer.state().map(\.name)
        == groups.flatMap { group in
          ["exp_avg", "exp_avg_sq", "step"].map { "\(group.name).weight.\($0)" }
        })
  }
}

@Suite("Clipping and learning rates")
struct OptimizerToolsTests {
  @Test("Gradients above the limit are scaled to it, others do not change")
  func clipping() throws {
    let gradients = [try vector(3, 0), try vector(4)]
    try Tensor.clip(gradients, norm: Tensor.norm(of: gradients), to: 10)
    #expect(try gradients[0].floats() == [3, 0])
    try Tensor.clip(gradients, norm: Tensor.norm(of: gradients), to: 1)
    #expect(abs(try Tensor.norm(of: gradients).item() - 1) < 1e-6)
    #expect(abs(try gradients[1].item() - 0.8) < 1e-6)
  }

  @Test("Factors equal those of diffusers' get_scheduler")
  func factors() throws {
    let golden = try Golden("optimizer/learning-rates")
    #expect(golden.names.count == 27)
    for name in golden.names {
      let parts = name.split(separator: ".").map(String.init)  // out, shape, warm-up, steps
      let shape = try #require(LearningRateSchedule.Shape(rawValue: parts[1]))
      let schedule = LearningRateSchedule(
        shape, warmupSteps: try #require(Int(parts[2])), steps: try #require(Int(parts[3])),
        cycles: 3, power: 2)
      let expected = try golden.tensor(name).doubles()
      let factors = expected.indices.map { schedule.factor(afterSteps: $0) }
      #expect(zip(factors, expected).allSatisfy { abs($0 - $1) < 1e-12 }, "\(name)")
    }
  }
}
