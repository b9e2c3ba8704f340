import Foundation
import TestSupport
import Testing

/// Reads the shim's source, so that a function without a guard fails here, and not when an
/// exception of libtorch ends a process.
@Suite("No C++ exception reaches Swift")
struct ShimTests {
  private static let folder = Repository.root.appending(path: "Sources/CTorch")
  /// The functions that record errors. They call nothing that throws outside a `try`.
  private static let recorders: Set<String> = ["ct_error", "ct_error_is_out_of_memory", "ct_fail"]

  private let header: String
  private let source: String

  init() throws {
    header = try ["ctorch.h", "ctorch_optim.h"]
      .map { try Self.withoutComments(Self.folder.appending(path: "include/\($0)")) }
      .joined(separator: "\n")
    source = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
      .filter { $0.hasSuffix(".cpp") }
      .map { try Self.withoutComments(Self.folder.appending(path: $0)) }
      .joined(separator: "\n")
  }

  private static func withoutComments(_ file: URL) throws -> String {
    try String(contentsOf: file, encoding: .utf8).replacing(/\/\/.*/, with: "")
  }

  /// The functions of the header, and whether each is declared `noexcept`.
  private var declarations: [(name: String, isNoexcept: Bool)] {
    header.matches(of: /\b(ct_\w+)\([^;{]*\)( CT_NOEXCEPT)?;/).map {
      (String($0.1), $0.2 != nil)
    }
  }

  /// The body of a function that is defined `noexcept`, else nil.
  private func body(of name: String) throws -> String? {
    let pattern = try Regex(
      #"\n[a-z][\w ]*[ *]"# + name + #"\([^;{]*\) noexcept \{((?:.|\n(?!\}))*)"#,
      as: (Substring, Substring).self)
    return source.firstMatch(of: pattern).map { String($0.1) }
  }

  @Test("Every function of the header is declared and defined noexcept")
  func noexcept() throws {
    #expect(declarations.count > 80)
    for (name, isNoexcept) in declarations {
      #expect(isNoexcept, "\(name) is not declared noexcept")
      #expect(try body(of: name) != nil, "\(name) is not defined noexcept")
    }
  }

  @Test("Every function does all its work inside a guard")
  func guarded() throws {
    for (name, _) in declarations where !Self.recorders.contains(name) {
      let body = try #require(try body(of: name), "\(name)")
      let statement = body.trimmingCharacters(in: .whitespacesAndNewlines)
      #expect(
        statement.prefixMatch(of: /(return )?(tensor|status|guard<\w+>)\(/) != nil
          && statement.hasSuffix(");"), "\(name) works outside a guard")
      // The guard's call is the only statement: nothing else stands at the body's own indentation.
      let statements = body.split(separator: "\n").filter {
        $0.prefixMatch(of: /\s\s[^ }]/) != nil
      }
      #expect(statements.count == 1, "\(name) works outside a guard")
    }
  }
}
