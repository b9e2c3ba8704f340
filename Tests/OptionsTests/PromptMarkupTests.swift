import Testing

@testable import Options

@Suite("Words in prompts that other programs read as options")
struct PromptMarkupTests {
  @Test(
    "each kind is found with its words",
    arguments: [
      ("a dog <lora:dhoni:0.8>", PromptMarkup.Kind.adapter, "<lora:dhoni:0.8>"),
      ("<LyCO:x> dog", .adapter, "<LyCO:x>"),
      ("dog <hypernet:b:1>", .adapter, "<hypernet:b:1>"),
      ("a (dog:1.3) sits", .weight, "(dog:1.3)"),
      ("a (big dog: .5) sits", .weight, "(big dog: .5)"),
      ("(dog:2)", .weight, "(dog:2)"),
      ("((masterpiece)), dog", .weight, "((masterpiece))"),
      ("a [blurry] dog", .weight, "[blurry]"),
      ("name_\\(series\\)", .escape, "\\("),
      ("a dog BREAK a hat", .chunk, "BREAK"),
      ("dog, embedding:bad-hands", .embedding, "embedding:bad-hands"),
      ("a photo of <s0><s1>", .embedding, "<s0>"),
      ("blurry, EasyNegative", .embedding, "EasyNegative"),
      ("a {red|blue} hat", .wildcard, "{red|blue}"),
      ("a __color__ hat", .wildcard, "__color__"),
      ("a [cat:dog:0.5] sits", .schedule, "[cat:dog:0.5]"),
      ("a [dog: 10] sits", .schedule, "[dog: 10]"),
      ("a [cat|dog] sits", .schedule, "[cat|dog]"),
      ("a cat AND a dog", .composition, "AND"),
      ("a dog+++, a hat", .suffix, "dog+++"),
      ("a (big cat)1.4 sits", .suffix, "(big cat)1.4"),
      ("a (cat)+", .suffix, "(cat)+"),
      ("a (cat)-- sits", .suffix, "(cat)--"),
      ("a dog --n bad --w 512", .option, "--n bad"),
      ("a dog --s 20", .option, "--s 20"),
    ])
  func found(text: String, kind: PromptMarkup.Kind, example: String) {
    #expect(PromptMarkup.found(in: text) == [PromptMarkup(kind: kind, example: example)])
  }

  @Test(
    "tags of image boards, smileys, times, shares and verses are text",
    arguments: [
      "saber (fate)", "artoria_pendragon_(lancer), (series)", ":)", ":(", ";)", ">:)", ":3, (:",
      "^_^",
      "|_|", "<3", ":<", "a photo (16:9)", "(12:30)", "John (John 3:1)", "a (small) dog",
      "1girl, solo",
      "t-shirt, breakfast, Breakout", "a_b_c", "negative space", "a photo of dog, at night",
      "5 < 6 > 3",
      "SALT AND PEPPER", "AND a dog", "a cat and a dog", "BRAND NEW", "[12:30]",
      "step 1: sit", "[]", "(:", "fate/stay_night", "a C++ book", "18+", "a dog -- a cat",
      "a (small) dog - asleep", "(small)-sized", "a dog --s", "dog--w 3", "(^_^)++",
    ])
  func text(text: String) {
    #expect(PromptMarkup.found(in: text) == [])
  }

  @Test(
    "markup after an open bracket is found, and long texts take no longer than their length allows",
    arguments: [
      "[photo ", "((photo ", "{a|", "(a:", "-__a", "<a-", "<lora:a", "embedding:a:", "\\",
      "a++", "(a)", "--w ",
    ])
  func long(beginning: String) {
    let text =
      beginning + String(repeating: beginning.trimmingPrefix("[").lowercased(), count: 5000)
    let time = ContinuousClock().measure { _ = PromptMarkup.found(in: text) }
    #expect(time < .seconds(5), "\(time)")
    #expect(
      PromptMarkup.found(in: "[1] ((2)) {a} [red dog").map(\.example) == []
        && PromptMarkup.found(in: "[1] [red dog] {a} {b|c}").map(\.example) == [
          "[red dog]", "{b|c}",
        ])
  }

  @Test("a weight beside a schedule is found too")
  func weightBesideSchedule() {
    #expect(
      PromptMarkup.found(in: "[cat:dog:0.5] [blurry]").map(\.example)
        == ["[blurry]", "[cat:dog:0.5]"])
  }

  @Test("an option of sd-scripts has its key here")
  func optionKeys() {
    let texts = ["a --n bad", "a --w 512", "a --d 3", "a --g 7", "<lora:a:1>"]
    #expect(
      texts.map { PromptMarkup.found(in: $0).first?.optionKey }
        == ["negative", "width", "seed", "guidance", nil])
  }

  @Test("several texts give one of each kind, and kinds can be left out")
  func several() {
    let texts = ["(a dog:1.2) <lora:x:1>", "[b]", "<lora:y:1>"]
    #expect(PromptMarkup.found(in: texts).map(\.example) == ["<lora:x:1>", "(a dog:1.2)"])
    #expect(
      PromptMarkup.found(in: texts, without: PromptMarkup.Kind.weights).map(\.kind) == [.adapter])
  }
}
