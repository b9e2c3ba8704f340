import Foundation
import Options
import TestSupport
import Testing

@Suite("Values in YAML 1.2")
struct YAMLTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func read(_ data: Data) throws -> Settings {
    let url = directory.url.appending(path: "own.yaml")
    try data.write(to: url)
    var layers = OptionLayers<Settings>()
    try layers.add(fileAt: url)
    return try layers.resolve()
  }

  private func read(_ yaml: String) throws -> Settings { try read(Data(yaml.utf8)) }

  private func refusal(_ yaml: String) -> String { refusal(Data(yaml.utf8)) }

  private func refusal(_ data: Data) -> String {
    TestSupport.sentence { _ = try read(data) }
      .replacing(directory.url.path + "/", with: "")
  }

  @Test(
    "whole numbers are decimal, also with zeros in front; 0o and 0x are base 8 and 16",
    arguments: [
      ("0100", 100), ("016", 16), ("+7", 7), ("0x1f", 31), ("0o17", 15), ("100 # steps", 100),
      ("00", 0), ("1000", 1000),
    ])
  func integers(text: String, value: Int) throws {
    if value == 0 {
      #expect(
        refusal("steps: \(text)").hasSuffix(
          "steps is 0, but must be a whole number from 1 to 1000."))
    } else {
      #expect(try read("steps: \(text)").steps == value)
    }
  }

  @Test("a whole number that is too large is refused with the limits")
  func tooLarge() {
    for text in ["99999999999999999999", "-99999999999999999999"] {
      #expect(
        refusal("steps: \(text)")
          == "own.yaml line 1: steps is \"\(text)\", but must be a whole number from "
          + "-9223372036854775808 to 9223372036854775807.")
    }
  }

  @Test(
    "the numbers of YAML 1.1 alone are texts, and not whole numbers",
    arguments: [
      "1:30", "0b11", "1_000", "1,000", "1e2", "1.0", "0x", "0o9", "0x-1", "ten", "1 0", "\u{661}",
    ])
  func noIntegers(text: String) {
    let found = refusal("steps: \(text)")
    #expect(found == "own.yaml line 1: steps is \"\(text)\", but must be a whole number.")
  }

  @Test(
    "numbers need no point, and may begin or end with one",
    arguments: [
      ("1e-1", 0.1), ("1E-1", 0.1), ("2.5e-1", 0.25), (".5", 0.5), ("0.", 0), ("0", 0),
      ("00.5", 0.5),
    ])
  func numbers(text: String, value: Double) throws {
    #expect(try read("adam_beta1: \(text)").adamBeta1 == value)
  }

  @Test(
    "words that are no numbers are refused", arguments: ["nan", "inf", "0x1p-1", "1_0.5", "e1"])
  func noNumbers(text: String) {
    #expect(
      refusal("adam_beta1: \(text)")
        == "own.yaml line 1: adam_beta1 is \"\(text)\", but must be a number.")
  }

  @Test("true and false have three spellings; yes, no, on and off are texts")
  func booleans() throws {
    for text in ["true", "True", "TRUE"] { #expect(try read("flip: \(text)").flip) }
    for text in ["yes", "on", "y", "1", "tRue"] {
      #expect(
        refusal("flip: \(text)")
          == "own.yaml line 1: flip is \"\(text)\", but must be true or false.")
    }
    #expect(try read("name: no").name == "no")
    #expect(try read("name: 007").name == "007")
    #expect(try read("prompts: [on, 1:30, 0100, 1e3]").prompts == ["on", "1:30", "0100", "1e3"])
  }

  @Test("null has five spellings, and quotes make it a text")
  func null() throws {
    for text in ["null", "Null", "NULL", "~", ""] {
      #expect(try read("min_snr_gamma: \(text)").minSNRGamma == nil)
    }
    #expect(try read("name: \"null\"").name == "null")
    #expect(refusal("name:") == "own.yaml line 1: name is nothing, but must be a text.")
  }

  @Test("a quoted number is named as such")
  func quoted() {
    #expect(
      refusal("adam_beta1: \"1e-4\"")
        == "own.yaml line 1: adam_beta1 is \"1e-4\", but must be a number without quotes.")
    #expect(
      refusal("seed: 1\nsteps: '10'")
        == "own.yaml line 2: steps is \"10\", but must be a whole number without quotes.")
    #expect(
      refusal("flip: \"true\"")
        == "own.yaml line 1: flip is \"true\", but must be true or false without quotes.")
    #expect(refusal("steps: 'ten'").hasSuffix("steps is \"ten\", but must be a whole number."))
  }

  @Test("a text with a colon needs quotes, in a list and alone")
  func colons() {
    #expect(
      refusal("prompts:\n  - a cat\n  - a dog: sitting")
        == "own.yaml line 3: prompts is a group of options, but must be a text in quotes, \"a dog: "
        + "sitting\", because YAML reads the colon as an option.")
    #expect(
      refusal("name: a dog: sitting")
        == "own.yaml line 1: not valid YAML (a text with a colon and a space needs quotes); every "
        + "option is a line \"option: value\".")
  }

  @Test("a list where one value belongs, and the reverse")
  func lists() {
    #expect(
      refusal("steps: [1]") == "own.yaml line 1: steps is a list, but must be a single value.")
    #expect(
      refusal("prompts: a dog")
        == "own.yaml line 1: prompts is \"a dog\", but must be a list such as [a, b].")
    #expect(
      refusal("prompts: {a: 1}")
        == "own.yaml line 1: prompts is a group of options, but must be a list such as [a, b].")
    #expect(
      refusal("prompts:\n  - [a]")
        == "own.yaml line 2: prompts is a list, but must be a single value.")
  }

  @Test("a byte order mark, lines of Windows and the marks of a document are read over")
  func encodings() throws {
    let settings = try read("\u{feff}steps: 7\r\nflip: true\r\n")
    #expect((settings.steps, settings.flip) == (7, true))
    #expect(try read("---\nsteps: 7\n...\n").steps == 7)
    #expect(try read("# only a comment\n") == Settings())
    let utf16 = try #require("steps: 7".data(using: .utf16))
    #expect(refusal(utf16) == "own.yaml cannot be read: it is UTF-16 text; save it as UTF-8.")
  }

  @Test(
    "other slips have one plain sentence with the line",
    arguments: [
      ("steps: 7\n---\nsteps: 8", 2, "a second document begins; one file has one"),
      ("steps: 7\n\tflip: true", 2, "a tab; indent with spaces"),
      ("name: @dog", 1, "a text that begins with @ needs quotes"),
      ("name: |||", 1, "a text that begins with | or > needs quotes"),
      ("prompts: [a, b\n", 2, "a list or group in brackets is not closed"),
      ("name: \"a\n", 2, "a quote is not closed"),
    ])
  func slips(yaml: String, line: Int, problem: String) {
    #expect(
      refusal(yaml)
        == "own.yaml line \(line): not valid YAML (\(problem)); every option is a line "
        + "\"option: value\".")
  }

  @Test("an anchor's value is that of the anchor")
  func anchors() throws {
    #expect(try read("steps: &n 050\nsample_every: *n").sampleEvery == 50)
  }
}
