import Foundation
import Torch

/// Large tensors that ``AdamW8bit`` updates at once. The blocks of each begin at its first element, and its
/// last block is filled up with zeros.
final class AdamW8bitChunk {
  /// A trained tensor.
  private struct Member {
    let name: String
    let parameter: Tensor
    /// The blocks of its averages.
    let blocks: Range<Int>
    /// The number of its steps done.
    var steps = 0.0

    /// Its part of a tensor `[blocks, n]`, flat.
    func part(of all: Tensor, count: Int) throws -> Tensor {
      try all.narrow(dim: 0, start: blocks.lowerBound, length: blocks.count).flatten()
        .narrow(dim: 0, start: 0, length: count)
    }

    /// Its elements in a tensor `[blocks, 256]`.
    func elements(of all: Tensor) throws -> Tensor { try part(of: all, count: parameter.count) }
  }

  private var members: [Member] = []
  private let average: Moment
  private let square: Moment

  /// Zero averages. Throws `TorchError`.
  init(_ parameters: [(name: String, tensor: Tensor)]) throws {
    var end = 0
    for (name, tensor) in parameters {
      let first = end
      end += (tensor.count + DynamicCode.block - 1) / DynamicCode.block
      members.append(Member(name: name, parameter: tensor, blocks: first..<end))
    }
    let device = parameters[0].tensor.device
    average = try Moment(isSigned: true, blocks: end, device: device)
    square = try Moment(isSigned: false, blocks: end, device: device)
  }

  /// One step. Tensors without a gradient stay as they are. Throws `TorchError`.
  func step(rate: Double, settings: OptimizerSettings) throws {
    let present = try members.indices.filter { try members[$0].parameter.grad != nil }
    guard !present.isEmpty else { return }
    for index in present { members[index].steps += 1 }
    let moving = present.map { members[$0] }

    let gradient = try padded(moving, moving.map { try $0.parameter.grad ?? $0.parameter })
    let parameter = try padded(moving, moving.map { try $0.parameter.detach() })
    let (average, square) = (try self.average.decoded(), try self.square.decoded())
    try average.multiply(by: settings.beta1)
    try average.add(gradient, times: 1 - settings.beta1)
    try square.multiply(by: settings.beta2)
    try square.addProduct(gradient, gradient, times: 1 - settings.beta2)

    let divisor = try square.sqrt() / corrections(settings.beta2) { $0.squareRoot() }
    try parameter.multiply(by: 1 - rate * settings.weightDecay)
    try parameter.addQuotient(
      average / corrections(settings.beta1) { $0 }, divisor + settings.epsilon, times: -rate)
    try Tensor.copyEach(
      to: moving.map { try $0.parameter.detach().flatten() },
      from: moving.map { try $0.elements(of: parameter) })
    let blocks = moving.map(\.blocks)
    try self.average.encode(average, in: blocks)
    try self.square.encode(square, in: blocks)
  }

  /// `1 - beta ^ steps` of the tensor of each block, changed by `body`: `[blocks, 1]`.
  private func corrections(_ beta: Double, _ body: (Double) -> Double) throws -> Tensor {
    let values = members.flatMap { member in
      Array(repeating: Float(body(1 - pow(beta, max(1, member.steps)))), count: member.blocks.count)
    }
    return try Tensor(values, shape: [values.count, 1]).to(average.scales.device)
  }

  /// The elements of some members in blocks, zero elsewhere: `[blocks, 256]`.
  private func padded(_ members: [Member], _ tensors: [Tensor]) throws -> Tensor {
    let all = try Tensor.zeros(average.codes.shape, device: average.codes.device)
    try Tensor.copyEach(
      to: members.map { try $0.elements(of: all) }, from: tensors.map { try $0.flatten() })
    return all
  }

  /// For each tensor its steps, and the codes and scales of its averages, as bitsandbytes names them.
  func state() throws -> [(name: String, tensor: Tensor)] {
    try members.flatMap { member in
      [("\(member.name).step", try Tensor([member.steps], shape: [1]))] + (try tensors(of: member))
    }
  }

  /// Restores a state. `read` returns the tensor of a name.
  func restore(_ read: (_ name: String) throws -> Tensor) throws {
    for index in members.indices {
      members[index].steps = try read("\(members[index].name).step").item()
      for (name, tensor) in try tensors(of: members[index]) { try tensor.copy(from: read(name)) }
    }
  }

  private func tensors(of member: Member) throws -> [(name: String, tensor: Tensor)] {
    let count = member.blocks.count
    return [
      ("\(member.name).state1", try member.elements(of: average.codes)),
      ("\(member.name).absmax1", try member.part(of: average.scales, count: count)),
      ("\(member.name).state2", try member.elements(of: square.codes)),
      ("\(member.name).absmax2", try member.part(of: square.scales, count: count)),
    ]
  }

  /// Drops the gradients. Throws `TorchError`.
  func dropGradients() throws { for member in members { try member.parameter.setGrad(nil) } }
}

/// An average of the tensors of a chunk.
private struct Moment {
  private let code: DynamicCode
  /// `[blocks, 256]`.
  let codes: Tensor
  /// The scale of each block, `[blocks, 1]`.
  let scales: Tensor

  init(isSigned: Bool, blocks: Int, device: Device) throws {
    code = try DynamicCode(isSigned: isSigned, device: device)
    codes = try .zeros([blocks, DynamicCode.block], dtype: .uint8, device: device)
    scales = try .zeros([blocks, 1], device: device)
  }

  func decoded() throws -> Tensor { try code.decode(codes, scales: scales) }

  /// Takes the values of some blocks.
  func encode(_ values: Tensor, in blocks: [Range<Int>]) throws {
    let encoded = try code.encode(values)
    func parts(_ all: Tensor) throws -> [Tensor] {
      try blocks.map { try all.narrow(dim: 0, start: $0.lowerBound, length: $0.count) }
    }
    try Tensor.copyEach(to: parts(codes), from: parts(encoded.codes))
    try Tensor.copyEach(to: parts(scales), from: parts(encoded.scales))
  }
}
