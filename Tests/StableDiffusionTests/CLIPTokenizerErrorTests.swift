import Foundation
import StableDiffusion
import TestSupport
import Testing

/// Every fault of a tokenizer folder gives one sentence with the file and the fault.
@Suite struct CLIPTokenizerErrorTests {
  @Test("In an empty folder, vocab.json is missing")
  func emptyFolder() throws {
    let directory = try TemporaryDirectory()
    try expect("vocab.json does not exist", from: directory.url)
  }

  @Test("A missing merges.txt is named")
  func noMerges() throws {
    let layout = try TokenGolden.Layout("objects")
    try FileManager.default.removeItem(at: layout.directory.url.appending(path: "merges.txt"))
    try expect("merges.txt does not exist", from: layout.directory.url)
  }

  @Test(
    "Broken or unsuitable contents, file by file",
    arguments: [
      ("vocab.json", #"{"a": 1,"#, "vocab.json: it is not JSON"),
      ("vocab.json", #"{"a": "b"}"#, "vocab.json: a is not"),
      ("vocab.json", #"{"a": -1}"#, "vocab.json: the id of “a” is -1"),
      ("merges.txt", "#version: 0.2\ni n\nt h e\n", "merges.txt: “t h e” is not two tokens"),
      ("merges.txt", "i dogdogdog\n", "merges.txt: merge 1, “i dogdogdog”, is not in the vocab"),
      ("tokenizer.json", "[]", "tokenizer.json: "),
      (
        "tokenizer.json", #"{"model": {"vocab": {"a": 0}, "merges": [["a"]]}}"#,
        "tokenizer.json: model.merges is "
      ),
      ("tokenizer_config.json", "{", "tokenizer_config.json: it is not JSON"),
      (
        "tokenizer_config.json", #"{"model_max_length": 2}"#,
        "tokenizer_config.json: model_max_length is 2"
      ),
      (
        "tokenizer_config.json", #"{"pad_token": {"content": "!", "lstrip": true}}"#,
        "tokenizer_config.json: pad_token.lstrip is true"
      ),
      (
        "special_tokens_map.json", #"{"bos_token": "<s>"}"#,
        "the vocabulary has no special token “<s>”"
      ),
      (
        "special_tokens_map.json", #"{"eos_token": ""}"#, "the vocabulary has no special token “”"
      ),
    ])
  func contents(file: String, contents: String, problem: String) throws {
    let layout = try TokenGolden.Layout("objects")
    let url = layout.directory.url.appending(path: file)
    try contents.write(to: url, atomically: true, encoding: .utf8)
    try expect(problem, from: layout.directory.url)
  }

  @Test("A vocabulary without the special tokens is refused")
  func noSpecialTokens() throws {
    let layout = try TokenGolden.Layout("bare")
    let url = layout.directory.url
    try #"{"a": 0, "b": 1}"#.write(
      to: url.appending(path: "vocab.json"), atomically: true, encoding: .utf8)
    try "".write(to: url.appending(path: "merges.txt"), atomically: true, encoding: .utf8)
    try expect("the vocabulary has no special token “<|", from: url)
  }

  private func expect(_ problem: String, from directory: URL) throws {
    let error = try #require(throws: ModelError.self) { try CLIPTokenizer(directory: directory) }
    let sentence = error.description
    #expect(sentence.contains(problem), "\(sentence)")
    #expect(sentence.contains(directory.path), "\(sentence)")
    #expect(sentence.contains("; ") && !sentence.contains("\n"), "\(sentence)")
  }
}
