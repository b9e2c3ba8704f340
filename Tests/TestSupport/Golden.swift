import Foundation
public import NN
public import Torch

/// One case that Tests/Golden/make.py has recorded from the reference implementation: weights,
/// inputs, outputs, cotangents of the outputs, and gradients.
public struct Golden {
  private let file: SafetensorsFile
  private let device: Device

  /// The case in `Tests/Golden/<name>.safetensors`.
  ///
  /// - Parameter device: where its inputs and cotangents are put.
  public init(_ name: String, on device: Device = .cpu) throws {
    self.device = device
    file = try SafetensorsFile(
      contentsOf: Repository.golden.appending(path: "\(name).safetensors"))
  }

  /// The names of all recorded tensors.
  public var names: [String] { file.names }

  /// The arguments that the reference was built with.
  public func config<Config: Decodable>(as type: Config.Type) throws -> Config {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data((file.metadata["config"] ?? "{}").utf8))
  }

  /// A recorded tensor by its full name, on the CPU.
  public func tensor(_ name: String) throws -> Tensor { try file.tensor(name).clone() }

  /// Loads `weights.*` strictly into a module. Weights with a recorded gradient are trained.
  public func load(into module: any Module) throws {
    let source = try WeightSource(file: file.url)
    let others = source.names.filter { !$0.hasPrefix("weights.") }
    try module.load(
      from: source.without(others).renamed { String($0.dropFirst("weights.".count)) })
    try trackGradients(of: module)
  }

  /// Makes the weights of a module trained that have a recorded gradient.
  public func trackGradients(of module: any Module) throws {
    for (path, parameter) in module.parameters() where has("grad.weights.\(path)") {
      try parameter.tensor.setRequiresGrad(true)
    }
  }

  /// A recorded input. It is trained if its gradient is recorded.
  public func input(_ name: String) throws -> Tensor {
    let tensor = try tensor("in.\(name)").to(device)
    if has("grad.in.\(name)") { try tensor.setRequiresGrad(true) }
    return tensor
  }

  /// The shape of a recorded tensor; empty: it is not recorded.
  public func shape(_ name: String) -> [Int] { file.shape(of: name) ?? [] }

  /// Whether a tensor is recorded.
  public func has(_ name: String) -> Bool { file.shape(of: name) != nil }

  /// Compares outputs with the recorded ones, runs the backward pass from the recorded cotangents,
  /// and compares every recorded gradient. Returns a sentence for each tensor that differs by more
  /// than `tolerance` relative to its largest element.
  public func differences(
    outputs: [String: Tensor], inputs: [String: Tensor] = [:], module: (any Module)? = nil,
    tolerance: Double = 1e-5
  ) throws -> [String] {
    var found: [String] = []
    func compare(_ tensor: Tensor?, _ name: String) throws {
      guard let tensor else {
        found.append("\(name): missing")
        return
      }
      let expected = try self.tensor(name)
      guard tensor.shape == expected.shape else {
        found.append("\(name): shape \(tensor.shape) instead of \(expected.shape)")
        return
      }
      let difference = try relativeDifference(tensor, expected)
      if !(difference <= tolerance) { found.append("\(name): differs by \(difference)") }
    }
    for (name, output) in outputs { try compare(output.detach(), "out.\(name)") }
    let probed = outputs.filter { has("probe.\($0.key)") && $0.value.requiresGrad }
    if !probed.isEmpty {
      let terms = try probed.map { try ($0.value * tensor("probe.\($0.key)").to(device)).sum() }
      try terms.dropFirst().reduce(terms[0]) { try $0 + $1 }.backward()
    }
    for (name, input) in inputs where has("grad.in.\(name)") {
      try compare(input.grad, "grad.in.\(name)")
    }
    for (path, parameter) in module?.parameters() ?? [] where has("grad.weights.\(path)") {
      try compare(parameter.tensor.grad, "grad.weights.\(path)")
    }
    return found
  }
}

/// The largest difference of two tensors' elements, relative to the largest element of `expected`;
/// NaN if one of them is not finite. An `expected` without an element above `zeroBelow` is zero in exact
/// arithmetic, such as the gradient of a key's bias below a softmax. It contains only rounding
/// errors of the reference, so the difference is absolute.
public func relativeDifference(
  _ tensor: Tensor, _ expected: Tensor, zeroBelow: Double = 1e-4
) throws -> Double {
  guard expected.count > 0 else { return 0 }
  guard try tensor.isFinite(), try expected.isFinite() else { return .nan }
  let wide = try expected.to(.cpu).to(.float64)
  let largest = try wide.abs().max().item()
  let scale = largest > zeroBelow ? largest : 1
  return try (tensor.to(.cpu).to(.float64) - wide).abs().max().item() / scale
}
