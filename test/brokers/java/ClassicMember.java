import java.io.File;

/** One ActiveMQ Classic member: the directory of activemq.xml is the argument; the distribution's own console starts it. */
public final class ClassicMember {
  public static void main(String[] arguments) {
    ParentWatch.start();
    String uri = "xbean:" + new File(arguments[0], "activemq.xml").toURI();
    org.apache.activemq.console.Main.main(new String[] {"start", uri});
  }
}
