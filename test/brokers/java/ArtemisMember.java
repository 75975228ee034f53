import java.io.File;
import java.io.FileReader;
import java.util.Properties;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;

/** One Artemis member: the directory of broker.xml, artemis-users.properties and artemis-roles.properties is the argument. */
public final class ArtemisMember {
  public static void main(String[] arguments) throws Exception {
    ParentWatch.start();
    File directory = new File(arguments[0]);
    EmbeddedActiveMQ broker = new EmbeddedActiveMQ();
    broker.setConfigResourcePath(new File(directory, "broker.xml").toURI().toString());
    // With a login.config of its own, as a distribution has it; see config/secure.
    if (System.getProperty("java.security.auth.login.config") != null) {
      broker.setSecurityManager(new ActiveMQJAASSecurityManager("activemq", "activemq-certificates"));
    } else {
      broker.setSecurityManager(new ActiveMQJAASSecurityManager(InVMLoginModule.class.getName(), users(directory)));
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(broker)));
    broker.start();
  }

  private static SecurityConfiguration users(File directory) throws Exception {
    SecurityConfiguration users = new SecurityConfiguration();
    Properties passwords = read(new File(directory, "artemis-users.properties"));
    passwords.forEach((user, password) -> users.addUser((String) user, (String) password));
    Properties roles = read(new File(directory, "artemis-roles.properties"));
    roles.forEach((role, members) -> {
      for (String user : ((String) members).split(",")) users.addRole(user.trim(), (String) role);
    });
    return users;
  }

  private static void stop(EmbeddedActiveMQ broker) {
    try {
      broker.stop();
    } catch (Exception failure) {
      failure.printStackTrace();
    }
  }

  private static Properties read(File file) throws Exception {
    Properties properties = new Properties();
    try (FileReader reader = new FileReader(file)) {
      properties.load(reader);
    }
    return properties;
  }
}
