import NN
import Testing

@Suite("Patterns of layers")
struct LayerPatternTests {
  private let paths = [
    "down_blocks.1.attentions.0.attn1.to_q", "down_blocks.1.attentions.0.attn2.to_k",
    "down_blocks.10.attentions.0.attn1.to_q", "mid_block.attentions.0.attn1.to_out.0",
  ]

  @Test(
    "A pattern matches whole parts of a path that follow each other",
    arguments: [
      ("to_q", [0, 2]), ("down_blocks.1", [0, 1]), ("attn1.to_q", [0, 2]), ("to_out.0", [3]),
      ("to_*", [0, 1, 2, 3]), ("*_blocks.*.attentions", [0, 1, 2]), ("attn?", [0, 1, 2, 3]),
      ("q", []), ("down_blocks.attentions", []), ("", []), ("to_q.", []),
      ("down_blocks.1.attentions.0.attn1.to_q", [0]),
    ])
  func matches(pattern: String, expected: [Int]) {
    let pattern = LayerPattern(pattern)
    #expect(paths.indices.filter { pattern.matches(paths[$0]) } == expected)
  }

  @Test(
    "A selection keeps the order, leaves out what is excluded, and needs a match of each pattern")
  func selection() throws {
    let selection = LayerSelection(["to_k", "to_q"], except: ["down_blocks.10"])
    #expect(try selection.select(from: paths) == Array(paths[0...1]))
    #expect(throws: AdapterError.noSuchTarget("to_v")) {
      try LayerSelection(["to_q", "to_v"]).select(from: paths)
    }
    #expect(throws: AdapterError.noSuchTarget("up_blocks")) {
      try LayerSelection(["to_q"], except: ["up_blocks"]).select(from: paths)
    }
    #expect(throws: AdapterError.noLayers(excluded: ["attn1", "to_*"])) {
      try LayerSelection(["to_q"], except: ["attn1", "to_*"]).select(from: paths)
    }
  }

  @Test("The value of the longest pattern counts")
  func values() throws {
    let values = LayerValues(["attentions": 1, "down_blocks.1": 2, "attn2": 3])
    #expect(paths.map { values[$0] } == [2, 2, 1, 1])
    #expect(LayerValues(["to_k": 3])[paths[0]] == nil)
    try values.check(against: paths)
    #expect(throws: AdapterError.noSuchTarget("up_blocks")) {
      try LayerValues(["up_blocks": 1]).check(against: paths)
    }
  }
}
