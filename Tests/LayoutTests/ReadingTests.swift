import Testing

/// Proves that the tests of layers find what they check.
@Suite("Reading sources")
struct ReadingTests {
  private let sample = SwiftSource(
    #"""
    import struct Foundation.URL
    /* a comment with Hidden /* and one inside */ and "text" */
    public struct Outer {  // Trailing
      enum Inner { case one }
      let text = "use \(Used(1, "deep")) and \"quoted\" --flag"
      let raw = ##"raw \(NotUsed) " # "##
      let long = """
        two "lines" \
        of --it
        """
      let range = 0..<Limit.last
    }
    private func hidden() {}
    func shown() -> Outer { other.member() }
    """#)

  @Test("Words are those of code and interpolations, without comments and texts")
  func words() {
    let words = sample.words.map(\.text)
    for word in ["Outer", "Inner", "Used", "Limit", "hidden", "shown"] {
      #expect(words.contains(word), "\(word)")
    }
    for word in ["Hidden", "Trailing", "NotUsed", "quoted", "flag", "lines"] {
      #expect(!words.contains(word), "\(word)")
    }
    #expect(sample.words.first { $0.text == "Limit" }?.isMember == false)
    #expect(sample.words.first { $0.text == "member" }?.isMember == true)
    #expect(sample.words.last?.line == 14)
    #expect(sample.words.last?.depth == 1)
  }

  @Test("Texts are complete, with the line in which they begin")
  func literals() {
    #expect(
      sample.literals.map(\.text) == [
        "deep", "use x and quoted --flag",
        #"raw \(NotUsed) " # "#, "\n    two \"lines\"     of --it\n    ",
      ])
    #expect(sample.literals.map(\.line) == [5, 5, 6, 7])
  }

  private func graph(_ files: [String: String]) -> FolderGraph {
    FolderGraph(files.sorted { $0.key < $1.key }.map { ($0.key, SwiftSource($0.value)) })
  }

  @Test("A circle over three folders is found, with the names and files of each edge")
  func circle() throws {
    let circles = graph([
      "A/One.swift": "struct One { let two: Two }",
      "B/Two.swift": "struct Two {}\nextension Two { func go() { three() } }",
      "Three.swift": "func three() { _ = One.self }",
      "D/Four.swift": "enum Four { case one(One) }",
    ]).circles
    #expect(circles.count == 1)
    #expect(
      try #require(circles.first).map(\.description) == [
        ". -> A: One (Three.swift)", "A -> B: Two (One.swift)", "B -> .: three (Two.swift)",
      ])
  }

  @Test("Comments, texts, members, private and nested namesakes make no edge")
  func noCircle() {
    let other = "struct One { let two: Two }\nstruct Kind {}\nprivate struct Own {}"
    for body in [
      "// One", "let text = \"One\"", "let a = b.One", "let a: Own", "enum Kind {}\nlet a: Kind",
    ] {
      #expect(
        graph(["A/One.swift": other, "B/Two.swift": "struct Two {\n\(body)\n}"]).circles.isEmpty,
        "\(body)")
    }
    #expect(
      graph(["A/One.swift": other, "B/Two.swift": "struct Two {\nlet a: One\n}"]).circles.count == 1
    )
  }

  @Test("Errors are found with their kind and the sentences of each case")
  func errors() {
    let types = ErrorType.all(
      in: SwiftSource(
        """
        enum Good: ReportableError, Equatable {
          case one(String), two
          var kind: ErrorKind { .usage }
          var description: String {
            let ending = "."
            switch self {
            case .one(let name): "\\(name.quoted("a")) is "
              + "one."
            case .two:
              let text = " two"
              return "Is" + text + ending
            }
          }
        }
        let other = "other"
        public struct Inner: Swift.Error {}
        extension Outer: ReportableError {
          var kind: ErrorKind { if case .one = self { .usage } else { .busy } }
          var description: String { "\\(self)" }
        }
        struct Unrelated { let error: Error }
        """))
    #expect(types.map(\.name) == ["Good", "Inner", "Outer"])
    #expect(types.map(\.isReportable) == [true, false, true])
    #expect(types.map(\.kind.words.isEmpty) == [false, true, false])
    #expect(types.map(\.takesAnyCase) == [false, false, true])
    #expect(types.map(\.isDump) == [false, false, true])
    #expect(types[0].sentences == [["x is ", "one."], ["Is"]])
  }

  @Test("A manifest's targets, with targets and products they depend on")
  func manifest() {
    let targets = Manifest(
      """
      let package = Package(
        products: [.executable(name: "tool", targets: ["Tool"])],
        dependencies: [.package(url: "https://a.b/Yams", from: "1.0.0")],
        targets: [
          // .target(name: "Gone"),
          .target(name: "Base"),
          .target(
            name: "Middle",
            dependencies: ["Base", .product(name: "Yams", package: "yams")]),
          .executableTarget(name: "Tool", dependencies: ["Middle"]),
          .target(name: "Helper", dependencies: ["Base"], path: "Tests/Helper"),
          .testTarget(name: "BaseTests", dependencies: ["Base"]),
        ])
      """
    ).targets
    #expect(
      targets == [
        .init(name: "Base", isExecutable: false, dependencies: []),
        .init(name: "Middle", isExecutable: false, dependencies: ["Base", "Yams"]),
        .init(name: "Tool", isExecutable: true, dependencies: ["Middle"]),
      ])
    let documented = DocumentedTargets("text\n```targets\nBase:\nMiddle: Base, Yams\n```\nmore")
    #expect(documented.dependencies == ["Base": [], "Middle": ["Base", "Yams"]])
  }
}
