import Foundation
import NN
import TestSupport
import Testing
import Torch

/// Each optimizer beside its reference implementation.
@Suite("Optimizers beside their references")
struct OptimizerCourseTests {
  /// A recorded run of a reference, and this package's optimizer to repeat it.
  private final class Course {
    static let names = ["kernel", "matrix", "vector"]

    let golden: Golden
    let parameters: [(name: String, tensor: Tensor)]
    let optimizer: any Optimizer
    /// The learning rates of the groups in each step.
    private let rates: [[Double]]

    init(_ name: String) throws {
      golden = try Golden("optimizer/\(name)")
      let (kind, settings, paused) = try Self.settings(golden, name)
      parameters = try Self.names.map { [golden] in ($0, try golden.tensor("in.\($0)")) }
      for (_, tensor) in parameters { try tensor.setRequiresGrad(true) }
      let groups = [
        ParameterGroup("unet", parameters.filter { $0.name != paused }, learningRate: 1),
        ParameterGroup("paused", parameters.filter { $0.name == paused }, learningRate: 1),
      ].prefix(paused == nil ? 1 : 2)
      optimizer = try kind.optimizer(of: Array(groups), settings: settings)
      let recorded = try golden.tensor("in.rates").doubles()
      rates = stride(from: 0, to: recorded.count, by: groups.count).map {
        Array(recorded[$0..<$0 + groups.count])
      }
    }

    var steps: Range<Int> { rates.indices }

    func run(_ steps: Range<Int>, before: (Int) throws -> Void = { _ in }) throws {
      for step in steps {
        for (name, tensor) in parameters {
          try tensor.setGrad(
            golden.tensor("in.\(name).gradients").select(dim: 0, index: step).clone())
        }
        try before(step)
        try optimizer.step(rates: rates[step], foundInf: nil)
      }
    }

    func bytes() throws -> [[UInt8]] {
      try (parameters + optimizer.state()).map { try $0.tensor.bytes() }
    }

    private static func settings(
      _ golden: Golden, _ name: String
    ) throws -> (OptimizerKind, OptimizerSettings, paused: String?) {
      struct Recorded: Decodable {
        let betas: [Double]?
        let eps: Double?
        let weightDecay: Double
        let dCoef, growthRate, d0: Double?
        let useBiasCorrection, safeguardWarmup, relativeStep, scaleParameter: Bool?
        let paused: String?
      }
      let recorded = try golden.config(as: Recorded.self)
      var settings = OptimizerSettings()
      settings.weightDecay = recorded.weightDecay
      if let betas = recorded.betas { (settings.beta1, settings.beta2) = (betas[0], betas[1]) }
      if let eps = recorded.eps { settings.epsilon = eps }
      if let dCoef = recorded.dCoef { settings.dCoef = dCoef }
      if let growthRate = recorded.growthRate { settings.growthRate = growthRate }
      if let d0 = recorded.d0 { settings.d0 = d0 }
      settings.usesBiasCorrection = recorded.useBiasCorrection ?? false
      settings.safeguardsWarmup = recorded.safeguardWarmup ?? false
      settings.takesRelativeSteps = recorded.relativeStep ?? true
      settings.scalesByParameter = recorded.scaleParameter ?? true
      let plain = name.replacing(/-(settings|fixed|scaled|rising|paused)$/, with: "")
      let kind = try #require(OptimizerKind(rawValue: plain))
      return (kind, settings, recorded.paused)
    }
  }

  static let courses = [
    "adamw", "adamw-settings", "adamw-8bit", "adamw-8bit-settings", "adafactor",
    "adafactor-fixed", "adafactor-scaled", "lion", "prodigy", "prodigy-settings",
    "prodigy-rising", "prodigy-paused", "adamw-schedule-free",
  ]

  @Test("Ten steps or more equal the reference's", arguments: courses)
  func steps(name: String) throws {
    let course = try Course(name)
    for step in course.steps {
      try course.run(step..<step + 1) { step in
        guard course.golden.names.contains("out.rates") else { return }
        let found = course.optimizer.effectiveRates([1])[0]
        let expected = try course.golden.tensor("out.rates").doubles()[step]
        #expect(abs(found - expected) <= 1e-5 * expected, "step \(step)")
      }
      for (name, tensor) in course.parameters {
        let expected = try course.golden.tensor("out.\(name)").select(dim: 0, index: step)
        #expect(try relativeDifference(tensor, expected) <= 1e-5, "\(name), step \(step)")
      }
      if let averages = try course.optimizer.averages() {
        for ((name, _), average) in zip(course.parameters, averages) {
          let expected = try course.golden.tensor("out.\(name).x").select(dim: 0, index: step)
          #expect(try relativeDifference(average, expected) <= 1e-5, "\(name), step \(step)")
        }
      }
    }
    let state = Dictionary(
      uniqueKeysWithValues: try course.optimizer.state().map { ("out.\($0.name)", $0.tensor) })
    let recorded = course.golden.names.filter { name in
      name.hasPrefix("out.")
        && !Course.names.contains { ["out.\($0)", "out.\($0).x"].contains(name) }
        && name != "out.rates" && !name.hasSuffix(".step")
    }
    #expect(recorded.count >= 3)
    for name in recorded {
      let tensor = try #require(state[name], "\(name)")
      let expected = try course.golden.tensor(name)
      if tensor.dtype == .uint8 {
        #expect(try tensor.bytes() == expected.bytes(), "\(name)")
      } else {
        let difference = try relativeDifference(tensor.flatten(), expected.flatten(), zeroBelow: 0)
        #expect(difference <= 1e-5, "\(name)")
      }
    }
  }

  @Test("Restored state gives the same bits in later steps", arguments: courses)
  func restore(name: String) throws {
    let straight = try Course(name)
    try straight.run(0..<10)
    let interrupted = try Course(name)
    try interrupted.run(0..<5)
    let workshop = try Workshop()
    let file = try SafetensorsFile(
      contentsOf: workshop.safetensors(
        interrupted.optimizer.state() + interrupted.parameters.map { ("saved.\($0)", $1) }))
    let resumed = try Course(name)
    for (name, tensor) in resumed.parameters {
      try noGrad { try tensor.copy(from: file.tensor("saved.\(name)")) }
    }
    try resumed.optimizer.restore { try file.tensor($0) }
    #expect(try resumed.bytes() == interrupted.bytes())
    try resumed.run(5..<10)
    #expect(try resumed.bytes() == straight.bytes())
  }

  @Test("A schedule-free state of other groups is refused")
  func otherGroups() throws {
    let parameters = try ["a", "b"].map { ($0, try Tensor.ones([2])) }
    func optimizer(_ groups: [[(name: String, tensor: Tensor)]]) throws -> any Optimizer {
      try OptimizerKind.scheduleFreeAdamW.optimizer(
        of: groups.enumerated().map { ParameterGroup("\($0)", $1, learningRate: 1) },
        settings: OptimizerSettings())
    }
    let saved = Dictionary(
      uniqueKeysWithValues: try optimizer([parameters]).state().map { ($0.name, $0.tensor) })
    #expect(throws: OptimizerError.otherGroups(found: 1, expected: 2)) {
      try optimizer([[parameters[0]], [parameters[1]]]).restore { try #require(saved[$0]) }
    }
  }

  @Test("A step whose numbers are not finite changes nothing", arguments: courses)
  func foundInf(name: String) throws {
    let course = try Course(name)
    try course.run(0..<2)
    let before = try course.bytes()
    for (_, tensor) in course.parameters { try tensor.setGrad(.ones(tensor.shape)) }
    try course.optimizer.step(rates: course.optimizer.groups.map { _ in 0.1 }, foundInf: .ones([]))
    #expect(try course.bytes() == before)
    for (_, tensor) in course.parameters { #expect(try tensor.grad == nil) }
  }

  @Test("A tensor without a gradient does not change", arguments: courses)
  func untouched(name: String) throws {
    let course = try Course(name)
    let before = try course.parameters[1].tensor.bytes()
    try course.parameters[0].tensor.setGrad(.ones(course.parameters[0].tensor.shape))
    try course.optimizer.step(rates: course.optimizer.groups.map { _ in 0.1 }, foundInf: nil)
    #expect(try course.parameters[1].tensor.bytes() == before)
  }

  @Test("Averages in 8 bits take at most 0.30 of the bytes of AdamW's")
  func size() throws {
    // Matrices of LoRAs of rank 16 in SDXL.
    let shapes = [[16, 640], [640, 16], [16, 1280], [1280, 16], [16, 2048]]
    let parameters = try shapes.map { shape in ("\(shape)", try Tensor.zeros(shape)) }
    func bytes(_ kind: OptimizerKind) throws -> Int {
      try kind.optimizer(
        of: [ParameterGroup("unet", parameters, learningRate: 1)], settings: OptimizerSettings()
      ).state().reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.itemSize }
    }
    let ratio = Double(try bytes(.adamW8bit)) / Double(try bytes(.adamW))
    #expect(ratio <= 0.30, "\(ratio)")
  }
}
