import Foundation
import NIOHTTP1
import Testing

@testable import Hub

/// The rules for pauses, redirects and pages.
@Suite("Rules of requests")
struct RulesTests {
  @Test("Retry-After is read as seconds and as a date, and RateLimit without it")
  func pause() throws {
    let now = Date(timeIntervalSince1970: 784_111_777)  // Sun, 06 Nov 1994 08:49:37 GMT
    func pause(_ headers: [(String, String)]) -> Duration? {
      RequestedPause.read(HTTPHeaders(headers), now: now)
    }
    #expect(pause([("Retry-After", "7")]) == .seconds(7))
    #expect(pause([("retry-after", " 0 ")]) == .seconds(0))
    #expect(pause([("Retry-After", "-3")]) == .seconds(0))
    #expect(pause([("Retry-After", "Sun, 06 Nov 1994 08:50:37 GMT")]) == .seconds(60))
    #expect(pause([("Retry-After", "Sun, 06 Nov 1994 08:00:00 GMT")]) == .seconds(0))
    #expect(pause([("Retry-After", "soon")]) == nil)
    #expect(pause([("RateLimit", "\"resolvers\";r=0;t=55")]) == .seconds(55))
    #expect(pause([]) == nil)
  }

  @Test("The pause doubles with each failure, up to a limit")
  func policy() {
    let policy = RetryPolicy(firstPause: .seconds(1), longestPause: .seconds(30))
    #expect(
      (1...7).map { policy.pause(after: $0) } == [1, 2, 4, 8, 16, 30, 30].map { .seconds($0) })
  }

  @Test("A redirect may change the host, but not leave encryption or the web")
  func redirects() throws {
    let secure = try #require(URL(string: "https://huggingface.co/a/b?c"))
    func target(_ location: String?) throws -> String {
      try Redirect.target(of: secure, location: location).absoluteString
    }
    #expect(try target("https://cdn.example/x?y=z") == "https://cdn.example/x?y=z")
    #expect(try target("/api/resolve-cache/x") == "https://huggingface.co/api/resolve-cache/x")
    #expect(try target("//cdn.example/x") == "https://cdn.example/x")
    for location in [
      nil, "http://huggingface.co/a", "HTTP://cdn.example/x", "file:///etc/passwd", "ftp://a/b",
      "https://", "javascript:x",
    ] {
      #expect(throws: HubError.self, "\(location ?? "nil")") { try target(location) }
    }
    let plain = try #require(URL(string: "http://localhost:80/a"))
    #expect(
      try Redirect.target(of: plain, location: "https://a.example/b").absoluteString
        == "https://a.example/b")
    #expect(plain.origin == "http://localhost:80" && secure.origin == "https://huggingface.co:443")
    #expect(secure.withoutQuery == "https://huggingface.co/a/b")
  }

  @Test("The next page must be on the same server")
  func pages() throws {
    let url = try #require(URL(string: "https://hub.example/api/models/a/b/tree/c?recursive=true"))
    func next(_ link: String) -> String? { HubClient.nextPage(link, after: url)?.absoluteString }
    #expect(
      next("<https://hub.example/x?cursor=a%2Cb>; rel=\"next\"")
        == "https://hub.example/x?cursor=a%2Cb")
    #expect(
      next("<https://hub.example/1>; rel=\"prev\", </2>; rel=\"next\"") == "https://hub.example/2")
    #expect(next("<https://evil.example/x>; rel=\"next\"") == nil)
    #expect(next("<https://hub.example/1>; rel=\"last\"") == nil)
    #expect(next("") == nil)
  }

  @Test("Parts of an address are encoded, and a revision with a slash stays one part")
  func encoding() {
    #expect("refs/pr/1".percentEncoded == "refs%2Fpr%2F1")
    #expect("a b+ü#?%".percentEncoded == "a%20b%2B%C3%BC%23%3F%25")
  }
}
