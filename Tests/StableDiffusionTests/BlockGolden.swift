import NN
import TestSupport
import Testing
import Torch

/// Builds a block from the arguments in `blocks/<name>`, runs it with the recorded weights and
/// inputs, and expects the recorded outputs and the gradients of every input and weight.
func check<Config: Decodable, Block: Module>(
  _ name: String, _: Config.Type, build: (Config) throws -> Block,
  run: (_ block: Block, _ input: (String) throws -> Tensor) throws -> [String: Tensor]
) throws {
  let golden = try Golden("blocks/\(name)")
  let block = try build(golden.config(as: Config.self))
  try golden.load(into: block)
  var inputs: [String: Tensor] = [:]
  let outputs = try run(block) { name in
    let tensor = try golden.input(name)
    inputs[name] = tensor
    return tensor
  }
  #expect(Set(inputs.keys) == recorded(golden, "in."))
  #expect(Set(outputs.keys) == recorded(golden, "out."))
  #expect(try golden.differences(outputs: outputs, inputs: inputs, module: block) == [])
}

private func recorded(_ golden: Golden, _ prefix: String) -> Set<String> {
  Set(golden.names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
}
